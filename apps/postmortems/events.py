"""What other apps may hear of what follows an incident."""

#: An action item was added or changed; the subject is the item, with its incident.
ACTION_ITEM_SAVED = "postmortems.action_item_saved"
