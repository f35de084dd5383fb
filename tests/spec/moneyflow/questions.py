"""Which engine answers which question. The tests ask by this table, and docs/layers.md shows it."""

from enum import StrEnum

from cleanroom.moneyflow.reference import Direction, Links, TaintMethod, WalkRule


class Engine(StrEnum):
    """`duckdb` and `bigquery` are the dbt models on either; `online` is lookout."""

    REFERENCE = "reference"
    DUCKDB = "duckdb"
    BIGQUERY = "bigquery"
    ONLINE = "online"


class Question(StrEnum):
    LAYERS = "layers in order of time"
    BOTH = "both directions"
    PLAIN = "layers without order of time"
    DELAY = "delay"
    HUB = "hub rule"
    LATEST = "keep latest"
    AFTER = "window: its beginning"
    BEFORE = "window: its end"
    LINKS = "link steps"
    LIMITED_LINKS = "link steps under other limits"
    HAIRCUT = "taint by haircut"
    FIFO = "taint by fifo"
    POISON = "taint by poison"
    RELEASE = "cascade release"


ZH = {
    Question.LAYERS: "依時序之層",
    Question.BOTH: "雙向",
    Question.PLAIN: "不論時序之層",
    Question.DELAY: "停留時限",
    Question.HUB: "樞紐規則",
    Question.LATEST: "最近幾筆",
    Question.AFTER: "時間窗之始",
    Question.BEFORE: "時間窗之終",
    Question.LINKS: "關聯步",
    Question.LIMITED_LINKS: "關聯步併其他限制",
    Question.HAIRCUT: "比例法",
    Question.FIFO: "先進先出法",
    Question.POISON: "毒丸法",
    Question.RELEASE: "連動解除",
}

_ALL = frozenset(Engine)
_MODELS = frozenset({Engine.DUCKDB, Engine.BIGQUERY})
_ONLINE = frozenset({Engine.REFERENCE, Engine.ONLINE})

ANSWERED_BY: dict[Question, frozenset[Engine]] = {
    Question.LAYERS: _ALL,
    Question.BOTH: _ALL,
    Question.DELAY: _ALL,
    Question.HUB: _ALL,
    Question.LATEST: _ALL,
    Question.BEFORE: _ALL,
    Question.AFTER: _ONLINE,
    Question.PLAIN: _ONLINE,
    Question.LINKS: _ALL,
    Question.LIMITED_LINKS: _ONLINE,
    Question.HAIRCUT: _ONLINE,
    Question.FIFO: _ONLINE,
    Question.POISON: _ONLINE,
    Question.RELEASE: _ONLINE,
}

_LOOP = "a balance goes on from transfer to transfer, which SQL cannot do without a loop over all of them"

# Why an engine is not asked. Every gap of the table has its reason here; a test counts them.
NOT_ASKED: dict[tuple[Question, frozenset[Engine]], str] = {
    (Question.AFTER, _MODELS): "a run follows all transfers that the warehouse holds before its cut-off",
    (Question.PLAIN, _MODELS): "a watch-listing has a moment, so the runs always respect time",
    (Question.LIMITED_LINKS, _MODELS): "walks with link steps are built without delay, hub rule and number kept",
    (Question.HAIRCUT, _MODELS): _LOOP,
    (Question.RELEASE, _MODELS): "follows from taint",
    (Question.FIFO, _MODELS): _LOOP,
    (Question.POISON, _MODELS): _LOOP,
}


def engines_for(questions: frozenset[Question]) -> list[Engine]:
    """Engines that answer all of them."""
    assert questions, "nothing is asked"
    return [engine for engine in Engine if all(engine in ANSWERED_BY[question] for question in questions)]


def questions_of(rule: WalkRule, links: Links | None) -> frozenset[Question]:
    """All that an engine must be able to answer to be asked this."""
    is_limited = any(limit is not None for limit in (rule.max_delay, rule.hub_limit, rule.keep_latest))
    asked = {
        Question.LAYERS: rule.in_time,
        Question.PLAIN: not rule.in_time,
        Question.BOTH: rule.direction is Direction.BOTH,
        Question.DELAY: rule.max_delay is not None,
        Question.HUB: rule.hub_limit is not None,
        Question.LATEST: rule.keep_latest is not None,
        Question.AFTER: rule.after is not None,
        Question.BEFORE: rule.before is not None,
        Question.LINKS: links is not None,
        Question.LIMITED_LINKS: links is not None and is_limited,
    }
    return frozenset(question for question, is_asked in asked.items() if is_asked)


def taint_question(method: TaintMethod) -> Question:
    return Question(f"taint by {method}")
