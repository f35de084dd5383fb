"""The sentences of the lookout's commands, in both languages."""

from collections.abc import Mapping

from cleanroom.cli.advice import BY_RULE
from cleanroom.cli.words import chosen
from cleanroom.errors import CleanroomError

_WORDS: Mapping[str, tuple[str, str]] = {
    "account": ("account", "帳戶代碼"),
    "received": ("Tainted money received: TWD {money}; still held: TWD {held}.",
                 "累計流入贓款 {money} 元，目前留存 {held} 元。"),
    "since": ("Since {since} (Taipei), from watch-listed account {start}.",
              "自 {since}（臺北）起，源自警示帳戶 {start}。"),
    "listed": ("watch-listed itself", "本身為警示帳戶"),
    "downstream": ("downstream of a watch-listed account, layer {layer}", "位於警示帳戶下游第 {layer} 層"),
    "clear": ("not downstream of a watch-listed account", "非警示帳戶下游"),
    "unknown": ("unknown to the graph", "圖中查無此帳戶"),
    "kept_rule": (
        "Counted: up to {layers} layers in order of time, from {days} days before each standing listing.",
        "計算方式：依時序至多 {layers} 層，自各有效警示通報前 {days} 日起算。",
    ),
    "forward": ("Where the money of {account} went", "帳戶 {account} 之款項去向"),
    "backward": ("Whose money came to {account}", "帳戶 {account} 之款項來源"),
    "reached": ("Accounts reached: {reached:,}; transfers looked at: {looked_at:,}.",
                "共及於 {reached:,} 個帳戶，檢視 {looked_at:,} 筆交易。"),
    "layer_count": ("layer {layer}: {count:,}", "第 {layer} 層 {count:,} 個"),
    "by_layer": ("By layer: {layers}.", "各層帳戶數：{layers}。"),
    "in_several": ("By layer: {layers}; {sum:,} in all, as an account counts at every layer at which it was reached.",
                   "各層帳戶數：{layers}；合計 {sum:,}，因同一帳戶於其所及之每一層均計入。"),
    "layer": ("layer", "層"),
    "at": ("at (Taipei)", "時間（臺北）"),
    "amount": ("TWD", "金額（元）"),
    "from": ("from", "前一帳戶"),
    "path": ("path", "所經交易"),
    "more": ("Not shown: {left:,}; --rows shows more, --json all.",
             "另有 {left:,} 筆未列出；以 --rows 增列，或以 --json 取得全部。"),
    "hubs": ("Hubs that were reached and not passed: {count:,}.",
                 "及於而未外推之樞紐帳戶：{count:,} 個。"),
    "truncated": ("Accounts of which only the latest transfers were followed: {count:,}.",
                 "僅追查最近交易之帳戶：{count:,} 個。"),
    "whole": ("The answer is whole.", "結果完整。"),
    "cut": (
        "Cut at layer {layer} by the bound on {by}: nearer layers are whole, this one is not, later ones are missing.",
        "於第 {layer} 層因上限（{by}）截斷：之前各層完整，該層不完整，其後未查。",
    ),
    "no_walk": ("No walk leads from one to the other under this rule.", "依此規則，兩帳戶間無金流路徑。"),
    "nobody_knows": ("None was found before the bound was reached; there may be one.",
                     "於上限內未找到路徑，但不表示不存在。"),
    "walk": ("Found, {direction}; transfers: {steps}.",
                 "已找到路徑（{direction}），共 {steps} 筆交易。"),
    "forward_way": ("along the money", "順金流"),
    "backward_way": ("against the money", "逆金流"),
    "transfer": ("transfer {id}", "交易 {id}"),
    "summary": ("Account {account}, everything before {as_of} (Taipei)", "帳戶 {account}，截至 {as_of}（臺北）"),
    "days": ("last days", "近日數"),
    "incoming": ("in", "轉入筆數"),
    "outgoing": ("out", "轉出筆數"),
    "payers": ("payers", "付款對象"),
    "payees": ("payees", "收款對象"),
    "cents_in": ("TWD in", "轉入金額（元）"),
    "cents_out": ("TWD out", "轉出金額（元）"),
    "pass_through": ("passed through", "過水比率"),
    "nearest_forward": ("Its money reached watch-listed account {account} at layer {layer}, {at} (Taipei).",
                        "其款項於第 {layer} 層流至警示帳戶 {account}（{at}，臺北）。"),
    "nearest_backward": ("Money of watch-listed account {account} got here in {layer} steps, the first {at} (Taipei).",
                 "警示帳戶 {account} 之款項經 {layer} 筆交易流入，首筆於 {at}（臺北）。"),
    "nearest_none_forward": ("Its money reached no watch-listed account within this rule.",
                             "依此規則，其款項未流至警示帳戶。"),
    "nearest_none_backward": ("No watch-listed account's money got here within this rule.",
                              "依此規則，無警示帳戶之款項流入。"),
    "is_hub": ("The account is a hub.", "此帳戶為樞紐帳戶。"),
    "no_proposals": ("Nobody is proposed for release.", "目前無建議解除之帳戶。"),
    "proposal": ("{at} (Taipei): {count:,} accounts, after cases {cases} were lifted. A person decides.",
                 "{at}（臺北）：案號 {cases} 解除後，建議解除 {count:,} 個帳戶；須由人員決定。"),
    "rule": ("Rule: {parts}.", "規則：{parts}。"),
    "and": (", ", "，"),
    "most_layers": ("up to {n} layers", "至多 {n} 層"),
    "in_time": ("in order of time", "依時序"),
    "plain": ("without the order of time", "不論時序"),
    "delay": ("at most {n:g} h between transfers", "相鄰交易間隔不逾 {n:g} 小時"),
    "hub_limit": ("not through accounts with over {n:,} transfers", "不經交易逾 {n:,} 筆之帳戶"),
    "keep_latest": ("of each account the latest {n:,} transfers", "每帳戶僅取最近 {n:,} 筆交易"),
    "link_limit": (
        "also past a holder, phone, device or platform account of at most {n:,} accounts",
        "並可經帳戶數 {n:,} 個以內之共用持有人、電話、裝置或平台帳號",
    ),
    "holder": ("same holder", "同一持有人"),
    "phone": ("same phone", "同一電話"),
    "device": ("same device", "同一裝置"),
    "platform_account": ("same platform account", "同一平台帳號"),
    "after": ("after {n}", "{n} 之後"),
    "before": ("before {n}", "{n} 之前"),
    "data_end": ("Data until {end} (Taipei), state {number}.", "資料截至 {end}（臺北），狀態 {number}。"),
    "ready": ("Ready.", "服務就緒。"),
    "not_ready": ("Not ready: its keeper gave no sign of life for {seconds:,.0f} s.",
                  "服務尚未就緒：維護程序已 {seconds:,.0f} 秒無回應。"),
    "no_keeper": ("Not ready: its keeper has not begun yet.", "服務尚未就緒：維護程序尚未啟動。"),
    "served": ("Served at {address} by process {process}: {running}.",
               "服務位址 {address}，監督程序 {process}；執行中：{running}。"),
    "keeper": ("keeper", "維護程序"),
    "worker": ("worker", "查詢程序"),
    "deaths": ("{child} died lately and was started again; times: {count}.",
               "{child} 近期曾異常結束並重新啟動，共 {count} 次。"),
    "graph": ("{transfers:,} transfers of {accounts:,} accounts; {delta:,} of them not merged yet.",
              "共 {transfers:,} 筆交易、{accounts:,} 個帳戶；其中 {delta:,} 筆交易尚未合併。"),
    "waiting": ("Batches that wait: {count:,}.", "待處理批次：{count:,} 件。"),
    "none_waits": ("No batch waits.", "無待處理批次。"),
    "outdated_epoch": ("The line publishes under another K2 than the index was built under: build the index anew.",
                       "發布之資料已改用另一把 K2，與索引不符；請重建索引（lookout build --anew）。"),
    "outdated_reversed": ("Transfers of the index that were reversed since: {count:,}; build the index anew.",
                          "索引內有 {count:,} 筆交易嗣後已沖正；請重建索引（lookout build --anew）。"),
    "verdicts_behind": ("The verdicts are still of state {number}.", "判定結果仍為狀態 {number}。"),
    "index_whole": ("The index is whole: state {state}, {transfers:,} transfers, {accounts:,} accounts.",
                    "索引完整：狀態 {state}，共 {transfers:,} 筆交易、{accounts:,} 個帳戶。"),
    "looks_whole": ("The access log is whole: {looks:,} looks.", "查詢紀錄完整，共 {looks:,} 筆。"),
    "looks_whole_since": ("The access log is whole from look {first_look:,} to {looks:,}; older parts are elsewhere.",
                          "查詢紀錄自第 {first_look:,} 筆至第 {looks:,} 筆完整；較早部分存於他處。"),
    "accounts": ("accounts", "帳戶數"),
    "transfers": ("transfers", "交易數"),
    "seconds": ("seconds", "時間"),
}  # fmt: skip

# What the person does now, where the sentence itself does not say it: by the rule that was broken, else by reason.
_DO: Mapping[str, tuple[str, str]] = {
    "account": ("Give the account's token as the room knows it: 32 hex digits, from an answer or the warehouse.",
                "請輸入無塵室內之帳戶代碼：32 位十六進位，見於查詢結果或資料倉儲。"),
    "question_form": ("Correct what is named; --help says what may be given.",
                      "請更正所指之項目；可用選項請見 --help。"),
    "walk_rule": ("Correct the rule; --help says what may be given.", "請更正追查規則；可用選項請見 --help。"),
    "link_begins": ("Give --begins: the moment from which the money is followed.", "請以 --begins 指定追查起始時刻。"),
    "ties": ("Wait for the line to publish `ties.parquet`, or run `cleanroom lookout sync` after it has.",
             "請待產線發布 ties.parquet，或於發布後執行 cleanroom lookout sync。"),
    "token": ("Start the service again if clients.json was changed since it began.",
              "若啟動後曾變更 clients.json，請重新啟動服務。"),
    "busy": ("Ask again in a second.", "請稍後再查。"),
    "no_index": ("Check --index; else build one: `lookout build --transfers FILE` or `lookout serve --room-graph DIR`.",
                 "請確認 --index；或以 lookout build --transfers FILE、lookout serve --room-graph DIR 建立索引。"),
    "path": BY_RULE["path"],
    "settings_invalid": ("Correct the setting that is named, and run again.", "請更正所指之設定後再執行。"),
    "malformed_rows": ("Correct the file that is named, and hand it in again.", "請更正所指之檔案後再送。"),
    "index_damaged": (
        "Set the folder `index` in it aside; then build it from what the line published (docs/stations/lookout.md).",
        "請移開其下之 index 資料夾，再以已發布之交易重建（docs/stations/lookout.md）。",
    ),
    "store_fault": ("Check the path that is named, its rights and the room on its disk.",
                    "請確認所指之路徑、權限與磁碟空間。"),
}  # fmt: skip

# What an index is doing while it is built, by the names that the builder gives.
STAGES: Mapping[str, tuple[str, str]] = {
    "read and intern": ("reading the transfers", "讀取交易"),
    "look for repeated ids": ("looking for transfers that stand there twice", "檢查重複交易"),
    "order": ("putting them in order of time", "依時序排列"),
    "sides": ("laying out both directions", "編排順逆兩向"),
    "write": ("writing", "寫入"),
    "publish": ("publishing", "發布"),
}


def stage_of(name: str) -> tuple[str, str]:
    return STAGES.get(name, (name, name))


def word(name: str, **values: object) -> str:
    return chosen(_WORDS[name]).format(**values)


def advice(error: CleanroomError) -> str:
    """What to do about a refusal or fault; empty where its own sentence says so."""
    both = _DO.get(error.rule or "") or _DO.get(error.reason)
    return chosen(both) if both else ""
