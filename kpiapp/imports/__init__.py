"""Import handlers of the core app: departments, people, employment history."""

from kpiapp.imports.departments import DepartmentImport
from kpiapp.imports.employment import EmploymentImport
from kpiapp.imports.people import PeopleImport

HANDLERS = (DepartmentImport(), PeopleImport(), EmploymentImport())

__all__ = ["HANDLERS", "DepartmentImport", "EmploymentImport", "PeopleImport"]
