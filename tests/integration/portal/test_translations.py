"""Every string that a person may read has its Chinese, and what is compiled is what is written."""

from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.mofile import read_mo
from django.utils.translation import override

from portal.common.catalogs import collect, compiled, known, missing, po_file
from portal.common.menu import portal_apps


def apps_with_words():
    return [app.label for app in portal_apps() if len(collect(Path(app.path)))]


def path_of(label: str) -> Path:
    return next(Path(app.path) for app in portal_apps() if app.label == label)


def test_the_apps_have_words():
    assert len(apps_with_words()) >= 5


@pytest.mark.parametrize("label", [app.label for app in portal_apps()])
def test_every_string_has_its_chinese(label):
    words, catalog = collect(path_of(label)), known(path_of(label))
    for message in words:
        if message.id and (found := catalog.get(message.id, message.context)):
            message.string = found.string
    assert missing(words) == []


@pytest.mark.parametrize("label", apps_with_words())
def test_the_compiled_catalogue_is_the_written_one(label):
    mo = po_file(path_of(label)).with_suffix(".mo")

    def words(catalog):
        return {str(message.id): str(message.string) for message in catalog if message.id}

    fresh = read_mo(BytesIO(compiled(known(path_of(label)))))
    assert words(read_mo(BytesIO(mo.read_bytes()))) == words(fresh) != {}


@pytest.mark.parametrize("label", apps_with_words())
def test_translations_keep_their_placeholders(label):
    import re

    def holes(text):
        return sorted(re.findall(r"%\(\w+\)[sdg]", text))

    looked_at = 0
    for message in known(path_of(label)):
        if not message.id:
            continue
        source = message.id if isinstance(message.id, str) else message.id[1]
        chinese = message.string if isinstance(message.string, str) else message.string[0]
        assert holes(source) == holes(chinese), source
        looked_at += 1
    assert looked_at


def test_names_of_roles_and_rights_are_chinese():
    from portal.accounts.names import CAPACITY_NAMES, ROLE_NAMES
    from portal.accounts.permissions import ACTS

    with override("zh-hant"):
        texts = [str(text) for table in (ROLE_NAMES, CAPACITY_NAMES, ACTS) for text in table.values()]
    assert len(texts) > 40 and all(any("\u4e00" <= letter <= "\u9fff" for letter in text) for text in texts)
