"""The night of a large company against one bare SQL statement that does the same on the same server."""

import datetime
import json
import os
import statistics
import subprocess
import sys
import time
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import psutil
from django.conf import settings
from django.utils import timezone

from benchmarks import data
from kpiapp import nightly, servers
from kpiapp.choices import JobState
from kpiapp.models import Job
from kpiapp.tenancy import organization_scope
from scorecards import recompute
from scorecards.models import CardScore, LineScore, ScorecardLine, StaleCard

DAY = datetime.date(2026, 11, 25)
ROUNDS = 3
# Seconds between looks at a night: seldom enough not to take the workers' processors away.
LOOKS = 0.25

# Adds up, scores three methods, writes lines and cards: what the night is measured against.
BARE = """
WITH total AS (
    SELECT line_id, count(*) AS n, sum(value) AS sum, max("on") AS last_on,
           (array_agg(value ORDER BY "on" DESC, id DESC))[1] AS last
    FROM scorecards_actual WHERE organization_id = %(organization)s AND state IN ('recorded', 'approved')
    GROUP BY line_id
), raw AS (
    SELECT l.id, l.scorecard_id, l.weight, t.n, t.last_on,
           CASE v.aggregation WHEN 'last' THEN t.last ELSE t.sum END AS quantity,
           CASE v.aggregation WHEN 'avg' THEN t.n END AS divisor,
           CASE v.method WHEN 'mirror' THEN 'status' ELSE 'rise' END AS watched,
           round(CASE v.method
               WHEN 'ratio' THEN t.sum / l.target
               WHEN 'mirror' THEN 2 - t.sum / t.n / l.target
               WHEN 'baseline' THEN (t.last - l.baseline) / (l.target - l.baseline) END, 6) AS raw
    FROM total t
    JOIN scorecards_scorecardline l ON l.organization_id = %(organization)s AND l.id = t.line_id
    JOIN strategy_kpiversion v ON v.id = l.kpi_id
), scored AS MATERIALIZED (
    SELECT *, least(1.2, greatest(0, raw)) AS completion FROM raw
), lines AS (
    INSERT INTO scorecards_linescore AS s (organization_id, line_id, scorecard_id, quantity, divisor, entries, last_on,
                                           state, reason, raw, completion, status, watched)
    SELECT %(organization)s, id, scorecard_id, quantity, divisor, n, last_on, 'scored', '', raw, completion,
           CASE WHEN completion > 1 THEN 'above' WHEN completion >= 0.9 THEN 'on'
                WHEN completion >= 0.7 THEN 'at_risk' ELSE 'off' END, watched
    FROM scored
    ON CONFLICT (line_id) DO UPDATE SET quantity = excluded.quantity, divisor = excluded.divisor,
        entries = excluded.entries, last_on = excluded.last_on, state = excluded.state, reason = excluded.reason,
        raw = excluded.raw, completion = excluded.completion, status = excluded.status, watched = excluded.watched,
        previous_completion = s.night_completion, night_completion = excluded.completion, changed_by_id = %(run)s
)
INSERT INTO scorecards_cardscore AS s (organization_id, scorecard_id, percent, measured_weight, lines_scored,
                                       lines_total, is_provisional, is_blocked, status)
SELECT %(organization)s, scorecard_id, percent, measured, n, n, measured < 60, false,
       CASE WHEN percent > 100 THEN 'above' WHEN percent >= 90 THEN 'on'
            WHEN percent >= 70 THEN 'at_risk' ELSE 'off' END
FROM (SELECT scorecard_id, round(100 * sum(weight * completion) / sum(weight), 2) AS percent, sum(weight) AS measured,
             count(*) AS n FROM scored GROUP BY scorecard_id) card
ON CONFLICT (scorecard_id) DO UPDATE SET percent = excluded.percent, measured_weight = excluded.measured_weight,
    lines_scored = excluded.lines_scored, lines_total = excluded.lines_total, status = excluded.status,
    is_provisional = excluded.is_provisional, is_blocked = excluded.is_blocked, previous_percent = s.night_percent,
    night_percent = excluded.percent, changed_by_id = %(run)s
"""


def run(people: int) -> None:
    """Print every figure about the night."""
    started = time.monotonic()
    tidy_by_hand()
    organization, _period = data.build(people)
    show("data", people=people, lines=people * data.LINES, seconds=time.monotonic() - started)
    first_night(organization)
    bare, one, two = [], [], []
    for _ in range(ROUNDS):
        bare.append(bare_statement(organization))
        one.append(measured_night(organization, 1))
        two.append(measured_night(organization, 2))
        show("night.round", bare=bare[-1], one_worker=one[-1], two_workers=two[-1])
    sql, single, double = (middle([run.scores for run in runs]) for runs in (bare, one, two))
    whole, memory = middle([run.whole for run in one]), max(run.memory for run in one)
    show("night.scores", one_worker=single, bare_sql=sql, ratio=single / sql, at_most=1)
    cpu = middle([run.cpu for run in one]), middle([run.cpu for run in bare])
    show("night.scores_cpu", one_worker=cpu[0], bare_sql=cpu[1], ratio=cpu[0] / cpu[1])
    show("night.whole", one_worker=whole, with_rollups_and_warnings=whole - single, ratio=whole / sql)
    show("night.two_workers", one_worker=single, two_workers=double, speedup=single / double, at_least=1.8)
    show("night.memory", worker_mb=memory, at_most=300)
    nothing_changed(organization)
    some_changed(organization, whole)


class Run(NamedTuple):
    """Seconds until the last score was written, until all was done, of processor time, and a worker's peak in MB."""

    scores: float
    whole: float
    cpu: float
    memory: int = 0


def middle(values: list[float]) -> float:
    """The median, as most rounds are disturbed by something."""
    return statistics.median(values)


def cpu_seconds(*processes: psutil.Process) -> float:
    """Processor time so far of the database server, sessions that have ended included, and of these processes."""
    postmaster = psutil.Process(servers.Postgres(Path(settings.DATA_DIR) / "postgres").pid())
    ended = postmaster.cpu_times()
    total = ended.children_user + ended.children_system
    for process in (*postmaster.children(), *processes):
        with suppress(psutil.NoSuchProcess):
            spent = process.cpu_times()
            total += spent.user + spent.system
    return total


def rounded(value):
    """Three decimals say more than the clock does."""
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    return round(value, 3) if isinstance(value, float) else value


def show(name: str, **values) -> None:
    """One figure, one line."""
    sys.stdout.write(json.dumps({"figure": name, **{key: rounded(value) for key, value in values.items()}}) + "\n")
    sys.stdout.flush()


def first_night(organization) -> None:
    """Running actuals as the bulk path keeps them, and a first score for everybody."""
    started = time.monotonic()
    first_scores(organization)
    show("actuals.refresh_all", seconds=time.monotonic() - started)
    with worker_processes(1):
        show("night.first", seconds=night(organization)[0])


def first_scores(organization) -> None:
    """Add every line's entries up, in the portions of a night."""
    with organization_scope(organization):
        ids = list(ScorecardLine.objects.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), 50_000):
        with organization_scope(organization):
            recompute.refresh_actuals(line_ids=ids[start : start + 50_000])


def bare_statement(organization) -> Run:
    """The statement, after every line has changed."""
    change_everything(organization)
    with closing(data.superuser()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        started, cpu = time.monotonic(), cpu_seconds()
        cursor.execute(BARE, {"organization": organization.pk, "run": 1})
        seconds = time.monotonic() - started
        return Run(seconds, seconds, cpu_seconds() - cpu)


def measured_night(organization, workers: int) -> Run:
    """A full night after every line has changed."""
    change_everything(organization)
    with worker_processes(workers) as processes:
        # Workers have connected and compiled their rules before, as they have in any night but their first.
        night(organization, full=False)
        cpu = cpu_seconds(*processes())
        whole, job = night(organization)
        # A few scores round to what they were.
        assert job.result["lines_changed"] >= 0.99 * job.result["lines"], job.result
        assert job.result["cards_changed"] >= 0.95 * job.result["cards"], job.result
        with organization_scope(organization):
            last = Job.objects.filter(parent=job).latest("finished_at").finished_at
        spent = cpu_seconds(*processes()) - cpu
        scores = (last - job.created_at).total_seconds()
        return Run(scores, whole, spent, max(peak_memory(process) for process in processes()))


def change_everything(organization) -> None:
    """Every target a little higher, so that every line and card has a new score."""
    with closing(data.superuser()) as connection, connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            "UPDATE scorecards_scorecardline SET target = target * 1.013, baseline = baseline + 0.7"
            " WHERE organization_id = %s",
            [organization.pk],
        )
    tidy()


def tidy() -> None:
    """What a server does by itself in the hours between two nights."""
    with closing(data.superuser()) as connection, connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


def tidy_by_hand() -> None:
    """No vacuum in the midst of whatever is measured: it would be measured, too."""
    with closing(data.superuser()) as connection, connection.cursor() as cursor:
        cursor.execute("ALTER SYSTEM SET autovacuum = off")
        cursor.execute("SELECT pg_reload_conf()")


@contextmanager
def worker_processes(count: int):
    """A real Celery worker with so many processes; yields a function that lists them."""
    command = [sys.executable, "-m", "celery", "-A", "kpiapp", "worker", "--loglevel=ERROR", "--without-mingle"]
    command += ["--without-gossip", "--without-heartbeat", "--concurrency", str(count)]
    quiet = {"stdout": subprocess.DEVNULL, "env": {**os.environ, "PYTHONWARNINGS": "ignore"}}
    worker = subprocess.Popen(command, cwd=settings.BASE_DIR, **quiet)
    parent = psutil.Process(worker.pid)
    while len(parent.children()) < count:
        if worker.poll() is not None:
            sys.exit("The worker did not start.")
        time.sleep(0.05)
    time.sleep(1)
    try:
        yield parent.children
    finally:
        worker.terminate()
        worker.wait(timeout=60)


def peak_memory(process: psutil.Process) -> int:
    """Largest resident size so far, in MB."""
    with open(f"/proc/{process.pid}/status") as status:
        (line,) = (line for line in status if line.startswith("VmHWM"))
    return int(line.split()[1]) // 1024


def night(organization, *, full: bool = True) -> tuple[float, Job]:
    """Seconds from asking for a night to its end, and its job."""
    with organization_scope(organization):
        job = nightly.run_now(on=DAY, now=timezone.now(), by=None, full=full)
    while job.is_live:
        time.sleep(LOOKS)
        with organization_scope(organization):
            job.refresh_from_db()
    assert job.state == JobState.DONE, job.error
    return (job.finished_at - job.created_at).total_seconds(), job


def nothing_changed(organization) -> None:
    """A full night right after another writes no row; a usual one does not even look at a card."""
    with worker_processes(1):
        before = written()
        seconds, job = night(organization)
        rows = [after - count for after, count in zip(written(), before, strict=True)]
        show("night.nothing_changed", full_seconds=seconds, rows_written=sum(rows), at_most=0)
        tidy()
        seconds, job = night(organization, full=False)
        show("night.quiet", seconds=seconds, cards=job.result.get("cards", 0))


def written() -> list[int]:
    """Rows inserted, updated and deleted so far in the tables of scores, by everyone."""
    with closing(data.superuser()) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_force_next_flush()")
        time.sleep(1.5)
        cursor.execute(
            "SELECT n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables WHERE relname IN"
            " ('scorecards_linescore', 'scorecards_cardscore', 'scorecards_rollupscore', 'scorecards_earlywarning')"
        )
        return [count for (count,) in cursor.fetchall()]


def some_changed(organization, full_seconds: float) -> None:
    """Half a percent of the lines got an entry through the bulk path: the night looks at their cards alone."""
    with worker_processes(1):
        # As before a full one: this worker has been at work before.
        night(organization, full=False)
        _some_changed(organization, full_seconds)


def _some_changed(organization, full_seconds: float) -> None:
    with closing(data.superuser()) as connection, connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            'INSERT INTO scorecards_actual (organization_id, line_id, "on", value, note, source, external_key,'
            " entered_at, state, decision_note) SELECT organization_id, id, '2026-11-24', 7, '', 'imported', '', now(),"
            " 'recorded', '' FROM scorecards_scorecardline WHERE organization_id = %s AND id %% 200 = 0"
            " RETURNING line_id",
            [organization.pk],
        )
        line_ids = [line_id for (line_id,) in cursor.fetchall()]
    with organization_scope(organization):
        recompute.refresh_actuals(line_ids=line_ids)
        cards = set(LineScore.objects.filter(pk__in=line_ids).values_list("scorecard_id", flat=True))
        StaleCard.objects.bulk_create([StaleCard(scorecard_id=card_id) for card_id in cards])
    tidy()
    seconds, job = night(organization, full=False)
    with organization_scope(organization):
        touched = CardScore.objects.filter(changed_by_id=job.pk).count()
    show(
        "night.half_a_percent",
        lines=len(line_ids),
        cards=len(cards),
        cards_looked_at=job.result["cards"],
        cards_changed=touched,
        seconds=seconds,
        share_of_full=seconds / full_seconds,
        at_most=0.2,
    )
