"""The phones of the sandbox: how each number behaves, and the devices that take pushes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path


class Behaviour(StrEnum):
    """What a number does with a call or an SMS. For an email address of the chat only UNREACHABLE says something."""

    ANSWERS = "answers"
    AUTO_ANSWER = "auto_answer"
    VOICEMAIL = "voicemail"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    UNDELIVERABLE = "undeliverable"
    UNREACHABLE = "unreachable"
    OPTED_OUT = "opted_out"


MEANING = {
    Behaviour.ANSWERS: "rings until somebody answers",
    Behaviour.AUTO_ANSWER: "answers calls by itself",
    Behaviour.VOICEMAIL: "a voicemail answers",
    Behaviour.BUSY: "is busy",
    Behaviour.NO_ANSWER: "rings and is not answered",
    Behaviour.UNDELIVERABLE: "is switched off: SMS are not delivered, calls fail",
    Behaviour.UNREACHABLE: "does not exist: refused at once",
    Behaviour.OPTED_OUT: "replied STOP: SMS are refused",
}


@dataclass
class Device:
    """A push subscription and its secrets, all base64url; ``subscribed`` is False once it was given up."""

    id: str
    name: str
    private_key: str
    p256dh: str
    auth: str
    subscribed: bool = True


@dataclass
class Phones:
    """What the sandbox remembers of its receivers over a restart. One process writes, any number read."""

    path: Path
    behaviours: dict[str, str] = field(default_factory=dict)
    opted_out: list[str] = field(default_factory=list)
    devices: dict[str, Device] = field(default_factory=dict)
    chat_users: dict[str, str] = field(default_factory=dict)
    """Email by the chat's user id."""

    @classmethod
    def load(cls, folder: Path) -> Phones:
        """What was kept in ``folder``; no phones at all where nothing was."""
        path = folder / "phones.json"
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return cls(path)
        devices = {name: Device(**device) for name, device in kept.pop("devices").items()}
        return cls(path, devices=devices, **kept)

    def save(self) -> None:
        """Replace what is kept at once: a reader sees the old state or the new."""
        content = {name: value for name, value in asdict(self).items() if name != "path"}
        draft = self.path.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(content), encoding="utf-8")
        draft.replace(self.path)

    def behaviour(self, number: str) -> Behaviour:
        """How ``number`` behaves: as chosen, else it answers. Whether it opted out is another question."""
        return Behaviour(self.behaviours.get(number, Behaviour.ANSWERS))

    def choose(self, number: str, behaviour: Behaviour) -> None:
        """Let ``number`` behave so from now on; anything but OPTED_OUT takes a STOP back."""
        if behaviour is Behaviour.OPTED_OUT:
            self.stop(number)
            return
        self.behaviours[number] = behaviour.value
        self.start(number)

    def stop(self, number: str) -> None:
        """The owner of ``number`` wants no more SMS."""
        if number not in self.opted_out:
            self.opted_out.append(number)
        self.save()

    def start(self, number: str) -> None:
        """The owner of ``number`` wants SMS again."""
        self.opted_out = [other for other in self.opted_out if other != number]
        self.save()
