"""What `manage.py check` says of the settings of people."""

from __future__ import annotations

import pytest

from apps.teams.checks import administrators_have_factors, factors_are_required_of_roles


@pytest.mark.parametrize("named", [["administrator"], ["Admin"], ["admin", "managers"]])
def test_a_role_that_there_is_not_is_an_error(settings, named):
    settings.FACTOR_REQUIRED_ROLES = named
    (found,) = factors_are_required_of_roles(None)
    assert found.is_serious()
    assert named[-1] in found.msg


def test_roles_are_none(settings):
    settings.FACTOR_REQUIRED_ROLES = ["admin", "manager"]
    assert factors_are_required_of_roles(None) == []
    assert administrators_have_factors(None) == []


@pytest.mark.parametrize("named", [[], ["manager"]])
def test_administrators_with_a_password_alone_are_worth_a_warning(settings, named):
    settings.FACTOR_REQUIRED_ROLES = named
    assert [each.id for each in administrators_have_factors(None)] == ["teams.W001"]
