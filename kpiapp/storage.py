"""Static files in production: compressed, named by their content, imports between scripts included."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Also rewrites `import "./x.js"` in our own scripts, so that none loads a stale sibling.

    Others' scripts are left alone: what looks like an import in their comments names files that are not there.
    """

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        ("js/*.js", CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1]),
    )
