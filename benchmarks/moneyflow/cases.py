"""What is asked of every engine, under one rule each; and what an engine is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from cleanroom.moneyflow.rules import MOST_LAYERS, WalkRule

LAYERS = range(1, MOST_LAYERS + 1)
HUB_LIMIT = 1_000
SIX_IN_TIME = WalkRule(layers=6)
THREE_IN_TIME = WalkRule(layers=3)
SIX_DELAYED = WalkRule(layers=6, max_delay=timedelta(days=3), hub_limit=HUB_LIMIT)


class Case(StrEnum):
    BUILD = "build"
    START = "start"
    FIRST = "first_answer"
    TOGETHER = "together"
    SEPARATE = "separate"
    DELAYED = "one_delayed"
    IN_TIME = "one_in_time"
    VERDICTS = "verdicts"
    UPDATES = "updates"
    PROFILE = "profile"


RULES = {Case.TOGETHER: SIX_IN_TIME, Case.SEPARATE: SIX_IN_TIME, Case.DELAYED: SIX_DELAYED, Case.IN_TIME: THREE_IN_TIME}


class NotMeasured(Exception):
    """Why an engine has no figure here."""


@dataclass(frozen=True)
class Task:
    """What a measuring process is given. `store`: the engine's own files, made by `build`. `limit_s`: of a case.

    `save` keeps what has been found so far: it counts where the process has to be ended."""

    graph: Path
    store: Path
    repeat: int
    limit_s: float
    save: Callable[["Found"], None] = lambda found: None


@dataclass
class Found:
    """What a measuring process found out.

    `seconds`: all runs by label (for TOGETHER the layer, cumulative). `answers`: question -> digest; engines that
    answer the same question must give the same digest. `facts`: whatever else the table tells.
    """

    seconds: dict[str, list[float]] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    facts: dict[str, float | int | str] = field(default_factory=dict)
    cancelled: str = ""


@dataclass(frozen=True)
class Engine:
    """`store` names the files it works on: engines that name the same share them, and the first builds them.

    `heeds_limit` False: it does not end when it is asked to, so its process is ended shortly after the time limit.
    """

    name: str
    title: str
    store: str
    version: Callable[[], str]
    cases: Mapping[Case, Callable[[Task], Found]]
    heeds_limit: bool = True
