"""Addresses of payroll inside an organization."""

app_name = "payroll"

urlpatterns: list = []
