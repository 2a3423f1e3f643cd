from __future__ import annotations

from pathlib import Path

import jinja2
import pytest

from syndicator.channels import templating
from syndicator.channels.templating import OutputTooLong, render_text


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package with templates of all kinds."""
    folder = tmp_path / "some_channel"
    (folder / "templates").mkdir(parents=True)
    (folder / "__init__.py").touch()
    templates = {
        "plain.txt.jinja": "\n{% if text %}\n{{ text }}\n{% endif %}\n\n",
        "page.html.jinja": "<p>{{ text }}</p>",
        "attack.txt.jinja": "{{ ''.__class__.__mro__ }}",
        "change.txt.jinja": "{{ items.append(1) }}",
        "endless.txt.jinja": "{% for a in range(9999) %}{% for b in range(9999) %}{{ text }}"
        "{% endfor %}{% endfor %}",
    }
    for name, source in templates.items():
        (folder / "templates" / name).write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    templating._environment.cache_clear()
    return "some_channel"


def test_text_stays_as_it_is_and_html_is_escaped(package: str) -> None:
    assert render_text(package, "plain.txt.jinja", text="a <b> & c") == "a <b> & c"
    assert render_text(package, "page.html.jinja", text="a <b> & c") == (
        "<p>a &lt;b&gt; &amp; c</p>"
    )


def test_what_is_said_is_no_template(package: str) -> None:
    assert render_text(package, "plain.txt.jinja", text="{{ 7 * 7 }}") == "{{ 7 * 7 }}"


def test_a_missing_variable_is_an_error(package: str) -> None:
    with pytest.raises(jinja2.UndefinedError):
        render_text(package, "page.html.jinja")


def test_templates_stay_in_the_sandbox(package: str) -> None:
    with pytest.raises(jinja2.exceptions.SecurityError):
        render_text(package, "attack.txt.jinja")
    with pytest.raises(jinja2.exceptions.SecurityError):
        render_text(package, "change.txt.jinja", items=[])


def test_output_is_bounded(package: str) -> None:
    with pytest.raises(OutputTooLong):
        render_text(package, "endless.txt.jinja", text="x" * 1000)
