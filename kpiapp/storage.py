"""Static files in production: compressed, named by their content, imports between scripts included."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class StaticStorage(CompressedManifestStaticFilesStorage):
    """Also rewrites `import "./x.js"`, so that a script never loads a stale sibling."""

    support_js_module_import_aggregation = True
