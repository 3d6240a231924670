"""Models of pay, one file per noun."""

from payroll.models.policy import CardTier, MemberPay, PositionPay, Tier, TierTable
from payroll.models.run import PayExport, PayLine, PayRun

__all__ = ["CardTier", "MemberPay", "PayExport", "PayLine", "PayRun", "PositionPay", "Tier", "TierTable"]
