"""What a run was computed from, as canonical bytes, and the hash that chains it to the run before. No Django."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from kpiapp.decimals import plain
from payroll.pay_rules import PayInput
from scorecards.scoring import Tier


def canonical(data: Any) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces; numbers are plain text, so equal data gives equal bytes."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def seal(previous_sha256: str, run_inputs: Mapping[str, Any], line_inputs: Iterable[Mapping[str, Any]]) -> str:
    """SHA-256 over the hash of the run before, what holds for the whole run, and every line's inputs in order.

    No name is among the inputs: a person can be erased later and the hash still holds.
    """
    digest = hashlib.sha256(previous_sha256.encode() + b"\n" + canonical(run_inputs) + b"\n")
    for inputs in line_inputs:
        digest.update(canonical(inputs) + b"\n")
    return digest.hexdigest()


def pack_tiers(tiers: Sequence[Tier]) -> list[dict[str, str | None]]:
    """A tier table as it is kept with a run."""
    return [
        {
            "code": tier.name,
            "at_least": None if tier.at_least is None else plain(tier.at_least),
            "coefficient": plain(tier.coefficient),
        }
        for tier in tiers
    ]


def unpack_tiers(rows: Sequence[Mapping[str, str | None]]) -> list[Tier]:
    """The tier table a run was calculated with."""
    return [
        Tier(
            None if row["at_least"] is None else Decimal(row["at_least"]),
            Decimal(row["coefficient"] or "0"),
            row["code"] or "",
        )
        for row in rows
    ]


def pay_input(inputs: Mapping[str, Any]) -> PayInput:
    """What pay_rules needs of a line's stored inputs."""
    score = inputs["score_percent"]
    return PayInput(
        p1_amount=Decimal(inputs["p1_amount"]),
        p2_coefficient=Decimal(inputs["p2_coefficient"]),
        p3_target_amount=Decimal(inputs["p3_target_amount"]),
        score_percent=None if score is None else Decimal(score),
        no_score_reason=inputs["no_score"],
    )
