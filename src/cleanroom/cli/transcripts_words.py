"""The sentences of `cleanroom governance transcripts`, in both languages."""

from collections.abc import Mapping

from cleanroom.cli.words import chosen

_WORDS: Mapping[str, tuple[str, str]] = {
    "recorded": (
        "{count:,} transcripts of {model} (prompt {prompt}) written to {file}, SHA-256 {digest}.",
        "{model}（提示版本 {prompt}）之 {count:,} 筆紀錄已寫入 {file}，SHA-256 {digest}。",
    ),
    "progress": ("{done:,} of {all:,} answers", "已完成 {done:,}／{all:,} 筆回答"),
    "graded": (
        "{transcripts:,} transcripts, {cases:,} cases; judge: {judge}.",
        "{transcripts:,} 筆紀錄，{cases:,} 個案例；評審：{judge}。",
    ),
    "control": ("control", "控制措施"),
    "metric": ("metric", "指標"),
    "value": ("value (95 % bounds)", "數值（95% 界限）"),
    "cases": ("cases", "案例數"),
    "limit": ("limit", "門檻"),
    "outcome": ("outcome", "結果"),
    "further": ("further figures, judged by no control", "其他數據（不作為控制門檻）"),
    "findings": ("{count:,} findings; the first of them:", "共 {count:,} 項發現，列示如下："),
    "pass": ("met", "通過"),
    "fail": ("not met", "不通過"),
    "warn": ("warning", "提醒"),
    "not_measurable": ("not measurable", "無法量測"),
    "bounds": ("{low} to {high}", "{low} 至 {high}"),
    "submitted": (
        "Release {release} of tier {tier} is {state}; its people sign in the portal.",
        "發布 {release}（{tier}）狀態為 {state}；由相關人員於入口網站簽核。",
    ),
}


def word(name: str, **values: object) -> str:
    return chosen(_WORDS[name]).format(**values)
