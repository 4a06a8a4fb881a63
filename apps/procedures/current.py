"""The procedures in force as a Document: what the database says, in the words of the procedures file.

What holds for every team is part of it, and the chains of services and teams. A team's own role candidates belong to
the team's managers.
"""

from __future__ import annotations

from apps.contacts.models import ContactGroup
from apps.procedures.document import Communication, Document, Review
from apps.procedures.parts import alerting, chains, checklists, contacts, messages, organisation, roles, severities


def document() -> Document | None:
    """Return the procedures in force, in a constant number of queries; None before the first were applied.

    Raises Invalid if a free-form field was edited into something that no procedures file can say.
    """
    row = organisation.row()
    if row is None:
        return None
    people = contacts.read()
    escalation = chains.read()
    return Document(
        **organisation.read(row),
        severities=severities.read(),
        roles=roles.read(),
        experts=roles.read_experts(),
        incident_contacts=people[ContactGroup.INCIDENT],
        escalation_contacts=people[ContactGroup.ESCALATION],
        emergency_contacts=people[ContactGroup.EMERGENCY],
        external_contacts=contacts.read_external(),
        escalation=escalation.general,
        escalation_repeats=escalation.repeats,
        escalation_asks_again=escalation.asks_again,
        escalation_policies=escalation.policies,
        triggers=chains.read_triggers(),
        communication=Communication(
            schedule=messages.read_schedule(),
            external_channels=organisation.external_channels(row),
            templates=messages.read_templates(),
        ),
        checklists=checklists.read(organisation.times_of_checklists(row)),
        review=Review(within=row.review_within, questions=checklists.read_questions()),
        alerts=alerting.read(),
    )
