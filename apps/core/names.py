"""The column of what something is called: it stands in lines with other words, and must leave these where they are."""

from __future__ import annotations

from typing import Any

from django.db import models

from apps.core.texts import one_line


class NameField(models.CharField[str, str]):
    """A CharField whose values are one line of signs that are seen, by whatever door they come (``texts.one_line``)."""

    def to_python(self, value: Any) -> Any:
        """What a form or ``full_clean`` goes on with."""
        told = super().to_python(value)
        return one_line(told) if isinstance(told, str) else told

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        """What is stored, which the instance has from then on, too."""
        told = self.to_python(super().pre_save(model_instance, add))
        setattr(model_instance, self.attname, told)
        return told

    def deconstruct(self) -> Any:
        """As migrations know it: a CharField, for the column is one."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs
