from __future__ import annotations

import pytest

from syndicator.channels.fitting import Draft, fit, permalink_count
from syndicator.content import (
    Block,
    BulletList,
    EntryContent,
    Image,
    Paragraph,
    Picture,
    Quote,
    Story,
)

PERMALINK = "https://zeitung.example/live#eintrag-7"


def story(*blocks: Block, headline: str = "", language: str = "de") -> Story:
    entry = EntryContent("1", headline=headline, permalink=PERMALINK, blocks=blocks)
    return Story(entry, "blog", "Blog", "https://zeitung.example/live", language=language)


def render(draft: Draft) -> str:
    return "\n\n".join(filter(None, (draft.headline, draft.body, PERMALINK)))


def told(limit: int | None, *blocks: Block, headline: str = "", language: str = "de") -> str | None:
    """What is told within *limit* characters, without the permalink."""
    link = len("\n\n" + PERMALINK)
    text = fit(
        story(*blocks, headline=headline, language=language),
        render,
        limit=None if limit is None else limit + link,
    )
    return None if text is None else text.removesuffix("\n\n" + PERMALINK)


TWO = Paragraph("Das 17. Sanktionspaket ist da. Es gilt ab dem 3. Mai.")


class TestSentences:
    def test_all_of_it_if_it_fits(self) -> None:
        assert told(None, TWO, headline="Paket") == f"Paket\n\n{TWO.text}"
        assert told(len(TWO.text), TWO) == TWO.text

    def test_whole_sentences_in_their_order(self) -> None:
        assert told(len(TWO.text) - 1, TWO) == "Das 17. Sanktionspaket ist da."

    def test_blocks_are_parted_by_an_empty_line(self) -> None:
        assert told(40, Paragraph("Eins. Zwei."), Paragraph("Drei. Vier.")) == (
            "Eins. Zwei.\n\nDrei. Vier."
        )
        assert told(20, Paragraph("Eins. Zwei."), Paragraph("Drei. Vier.")) == (
            "Eins. Zwei.\n\nDrei."
        )

    def test_words_only_where_no_sentence_fits(self) -> None:
        assert told(20, TWO) == "Das 17. …"
        assert told(25, TWO) == "Das 17. Sanktionspaket …"

    def test_an_announcement_is_not_left_alone(self) -> None:
        assert told(
            30, Paragraph("Es gilt. Der Kanzler sagte:"), Quote("Das ist ein sehr langes Wort.")
        ) == ("Es gilt.")

    def test_a_comma_does_not_dangle(self) -> None:
        assert told(10, Paragraph("Er kam, sah und siegte am Ende doch")) == "Er kam …"

    @pytest.mark.parametrize(
        ("limit", "cut"),
        [
            (70, "Die Minister sind sich nach langem Streit einig …"),
            (105, "Die Minister sind sich nach langem Streit einig, weil alle zustimmten …"),
        ],
    )
    def test_cut_text_ends_behind_a_clause_if_that_costs_less_than_half(
        self, limit: int, cut: str
    ) -> None:
        text = (
            "Die Minister sind sich nach langem Streit einig, weil alle zustimmten – "
            "und das noch vor dem Beginn der neuen Verhandlungen in Genf."
        )
        assert told(limit, Paragraph(text)) == cut

    @pytest.mark.parametrize(
        ("sentence", "limit", "cut"),
        [
            ("Es warnt der Dienst für die Nacht vor schweren Sturmböen im Harz.", 52, "Nacht …"),
            ("Zum Auftakt sprach in Toulon auch Emmanuel Macron zu allen Gästen.", 46, "Toulon …"),
            ("Der Rat in Genf kam überein, dass er am Ende zustimmen will.", 38, "überein …"),
            (
                "Es blieb am Ende auf dem Markt nicht viel von dem, was er wollte.",
                58,
                "nicht viel …",
            ),
            ("Die Verhandlungen der Kommission sind nach dem Streit am Ende.", 40, "Kommission …"),
            ("The talks in Geneva broke down after the minister had left.", 58, "minister …"),
        ],
    )
    def test_neither_names_nor_predicates_are_parted(
        self, sentence: str, limit: int, cut: str
    ) -> None:
        assert (told(limit, Paragraph(sentence)) or "").endswith(cut)


class TestHeadline:
    def test_it_comes_first_and_alone_if_nothing_else_fits(self) -> None:
        assert told(30, TWO, headline="Neues Paket beschlossen") == "Neues Paket beschlossen"

    def test_some_words_of_a_long_sentence_go_with_it(self) -> None:
        long = Paragraph("Die Minister einigten sich am Abend " + "sehr " * 50 + "spät.")
        assert told(52, long, headline="Paket") == (
            "Paket\n\nDie Minister einigten sich am Abend sehr …"
        )

    def test_but_not_fewer_than_seven(self) -> None:
        long = Paragraph("Die Minister einigten sich am Abend " + "sehr " * 50 + "spät.")
        assert told(45, long, headline="Paket") == "Paket"

    def test_and_only_with_a_good_end(self) -> None:
        long = Paragraph("Es kam der Vater von dem, der mit dem, der bei den Leuten war, sprach.")
        assert told(45, long, headline="Paket") == "Paket"

    def test_it_is_cut_by_words_if_it_does_not_fit_itself(self) -> None:
        assert told(12, TWO, headline="Neues Paket beschlossen") == "Neues …"

    @pytest.mark.parametrize(
        "headline",
        [
            "Das 17. Sanktionspaket ist da",
            "DAS 17. SANKTIONSPAKET IST DA.",
            "Das 17. Sanktionspaket",
            "Das 17. Sanktionspa…",
            "Das 17. Sanktions...",
        ],
    )
    def test_what_the_text_begins_with_is_not_said_twice(self, headline: str) -> None:
        assert told(None, TWO, headline=headline) == TWO.text

    def test_the_beginning_of_a_word_is_not_a_repetition(self) -> None:
        assert told(None, TWO, headline="Das 17. Sanktion") == f"Das 17. Sanktion\n\n{TWO.text}"

    def test_it_is_enough(self) -> None:
        assert told(None, headline="Nur das") == "Nur das"


class TestQuotes:
    QUOTE = Quote("Wir gehen. Noch heute.", "Sprecherin Roth")

    def test_marks_and_speaker(self) -> None:
        assert told(None, self.QUOTE) == "„Wir gehen. Noch heute.“ – Sprecherin Roth"
        assert told(None, self.QUOTE, language="en-GB") == (
            "“Wir gehen. Noch heute.” – Sprecherin Roth"
        )

    def test_whole_or_left_out(self) -> None:
        assert told(30, Paragraph("Kurz."), self.QUOTE) == "Kurz."

    LONG = Quote("Niemand hat uns etwas gesagt. Wir standen da. Das vergesse ich nie.", "Lea Roth")

    def test_of_a_quote_that_an_entry_begins_with_the_first_sentences(self) -> None:
        assert told(70, self.LONG) == (
            "„Niemand hat uns etwas gesagt. Wir standen da. …“ – Lea Roth"
        )
        assert told(55, self.LONG, Paragraph("Die Grenze ist zu.")) == (
            "„Niemand hat uns etwas gesagt. …“ – Lea Roth"
        )
        more = Quote(
            "Wir standen da wie die Narren. Einmal fuhr ein Bus, " + "und noch einer, " * 9
        )
        assert told(100, more) == (
            "„Wir standen da wie die Narren. Einmal fuhr ein Bus, und noch einer, und noch einer …“"
        )
        said = Paragraph("Roth sagte: „Niemand hat uns etwas gesagt. Das vergesse ich nie.“")
        assert told(55, said) == "Roth sagte: „Niemand hat uns etwas gesagt. …“"

    def test_but_not_behind_a_headline(self) -> None:
        assert told(70, self.LONG, Paragraph("Die Grenze ist zu."), headline="Genf") == (
            "Genf\n\nDie Grenze ist zu."
        )

    def test_what_is_told_instead_of_it_does_not_depend_on_the_limit(self) -> None:
        speech = Paragraph("Dies. Roth sagte: „" + "Wir gehen " * 40 + "“")
        blocks = (Quote("Wir gehen " * 12), speech, Paragraph("Nie. Nie."))
        assert told(18, *blocks) == told(60, *blocks) == "Nie. Nie."

    def test_reported_speech_needs_its_source(self) -> None:
        assert told(60, self.LONG, Paragraph("Niemand sei verletzt."), headline="Genf") == "Genf"
        assert told(60, self.LONG, Paragraph("Laut Roth sei alles gut."), headline="Genf") == (
            "Genf\n\nLaut Roth sei alles gut."
        )

    def test_of_a_quote_that_is_all_there_is_the_first_words(self) -> None:
        quote = Quote("Es gibt heute zum ersten Mal einen Text.", "Marit Lenz")
        assert told(40, quote) == "„Es gibt heute …“ – Marit Lenz"
        assert told(40, quote, headline="Lenz") == "Lenz"

    @pytest.mark.parametrize(
        "speech",
        [
            (QUOTE,),
            (Paragraph("Sie sagte vor der Presse:"), QUOTE),
            (Paragraph("Roth sagte: „Wir gehen alle. Und zwar noch heute.“"),),
            (Paragraph("„Wir gehen alle. Und zwar noch heute“, sagte Roth."),),
            (Paragraph("„Wir gehen alle. Noch heute.“"), Paragraph("Anna Roth, Sprecherin")),
            (QUOTE, Paragraph("So die Sprecherin.")),
            (QUOTE, Paragraph("Applaus gab es dafür nicht.")),
        ],
    )
    def test_what_follows_speech_that_is_too_long_tells_if_it_can_stand_alone(
        self, speech: tuple[Block, ...]
    ) -> None:
        assert told(32, *speech, Paragraph("Die Grenze ist zu.")) == "Die Grenze ist zu."
        assert told(45, *speech, Paragraph("Der Rest folgt."), headline="Genf") == (
            "Genf\n\nDer Rest folgt."
        )

    @pytest.mark.parametrize("follows", ["So die Sprecherin.", "Applaus gab es dafür nicht."])
    def test_what_follows_speech_is_not_told_if_it_needs_it(self, follows: str) -> None:
        quote = Quote("Es gibt heute zum ersten Mal einen Text.", "Marit Lenz")
        assert told(40, quote, Paragraph(follows)) == "„Es gibt heute …“ – Marit Lenz"

    def test_speech_in_a_sentence_keeps_its_speaker(self) -> None:
        before = Paragraph("„Wir gehen alle, und zwar noch heute“, sagte Anna Roth.")
        assert told(45, before) == "„Wir gehen alle …“, sagte Anna Roth."
        assert told(None, before, language="en") == before.text
        asked = Paragraph("“Will they come?” Ms. Roth asked. Nobody knew.")
        assert told(35, asked, language="en") == "“Will they come?” Ms. Roth asked."
        assert told(30, asked, language="en") == "Nobody knew."

    def test_words_without_a_speaker_take_the_next_piece_along(self) -> None:
        blocks = (Paragraph("„Wir gehen.“"), Paragraph("Anna Roth, Sprecherin"))
        assert told(40, *blocks) == "„Wir gehen.“\n\nAnna Roth, Sprecherin"
        assert told(20, *blocks) == "„Wir gehen.“"

    def test_no_sentence_ends_inside_of_marks(self) -> None:
        text = "Er sagte: „Wir gehen. Noch heute.“ Dann ging er."
        assert told(len(text) - 1, Paragraph(text)) == "Er sagte: „Wir gehen. Noch heute.“"
        assert told(25, Paragraph(text)) == "Er sagte: „Wir gehen. …“"


class TestLists:
    LIST = BulletList(("Erstens. Und mehr", "Zweitens", "Drittens"))

    def test_whole_lines(self) -> None:
        assert told(None, Paragraph("Dies:"), self.LIST) == (
            "Dies:\n\n• Erstens. Und mehr\n• Zweitens\n• Drittens"
        )
        assert told(40, Paragraph("Dies:"), self.LIST) == (
            "Dies:\n\n• Erstens. Und mehr\n• Zweitens\n…"
        )

    def test_an_ellipsis_only_stands_for_lines(self) -> None:
        assert told(45, self.LIST, Paragraph("Danach war noch mehr davon.")) == (
            "• Erstens. Und mehr\n• Zweitens\n• Drittens"
        )
        assert told(20, Paragraph("Vorher war Ruhe."), self.LIST) == "Vorher war Ruhe."

    def test_numbers(self) -> None:
        assert told(None, BulletList(("Auf", "Ab"), ordered=True)) == "1. Auf\n2. Ab"


class TestPictures:
    IMAGE = Image("Blick in den Saal am Abend", "Anna Beispiel/Agentur")

    def test_captions_and_credits_are_no_text(self) -> None:
        assert told(None, Paragraph("Text."), self.IMAGE) == "Text."

    def test_an_entry_of_pictures_tells_them_with_their_credits(self) -> None:
        assert told(None, self.IMAGE, Image("Zwei"), headline="Saal") == (
            "Saal\n\nBild: Blick in den Saal am Abend (Foto: Anna Beispiel/Agentur)\n\nBild: Zwei"
        )
        assert told(None, self.IMAGE, language="en") == (
            "Picture: Blick in den Saal am Abend (Photo: Anna Beispiel/Agentur)"
        )
        assert told(None, Image("", "Agentur")) == "Bild (Foto: Agentur)"
        assert told(None, Image(alt="Ein Saal")) == "Bild: Ein Saal"
        assert told(None, Image(url="https://zeitung.example/a.jpg")) is None

    def test_the_caption_is_cut_and_never_the_credit(self) -> None:
        assert told(47, self.IMAGE) == "Bild: Blick … (Foto: Anna Beispiel/Agentur)"
        assert told(30, self.IMAGE) is None
        assert told(40, Image("Blick", "Anna Beispiel, Agentur")) is None

    @pytest.mark.parametrize(
        "repeated",
        [
            "Blick in den Saal am Abend",
            "Blick in den Saal am Abend. Foto: Anna Beispiel/Agentur",
            "Blick in den Saal am AbendFoto: Anna Beispiel / Agentur",
            "Foto: Anna Beispiel/Agentur",
            "Anna Beispiel/Agentur",
            "Link kopieren",
            "Auf Facebook teilen",
            "Share by email",
        ],
    )
    def test_what_belongs_to_pictures_or_buttons_is_dropped(self, repeated: str) -> None:
        assert told(None, Paragraph("Text."), self.IMAGE, Paragraph(repeated)) == "Text."


class TestTokens:
    @pytest.mark.parametrize(
        "token",
        [
            f"https://zeitung.example/{'a' * 60}",
            f"www.zeitung.example/{'a' * 40}",
            f"zeitung.example/{'a' * 40}",
            "@" + "a" * 40,
            "#" + "ä" * 40,
        ],
    )
    def test_links_mentions_and_hashtags_stay_whole(self, token: str) -> None:
        assert told(30, Paragraph(f"{token} ist lang")) is None
        assert told(30, Paragraph(f"Siehe {token} dazu")) == "Siehe …"

    def test_only_a_long_word_is_cut_inside_and_between_graphemes(self) -> None:
        family = "👨‍👩‍👧‍👦"
        assert told(20, Paragraph(family * 10)) == family * 2 + "…"
        assert told(10, Paragraph("今日は雨が降りますが明日は晴れるでしょう")) == (
            "今日は雨が降ります…"
        )

    def test_the_permalink_in_the_text_is_left_out(self) -> None:
        assert told(None, Paragraph(f"Mehr hier: {PERMALINK} und dort.")) == (
            "Mehr hier: und dort."
        )
        longer = f"Auch {PERMALINK}8 und {PERMALINK}/x sind gut."
        assert told(None, Paragraph(longer)) == longer
        assert told(None, Paragraph(PERMALINK)) is None


def test_the_permalink_is_counted_wherever_it_stands() -> None:
    assert (
        permalink_count(f"a {PERMALINK}. ({PERMALINK}) {PERMALINK}8 {PERMALINK}/8", PERMALINK) == 2
    )
    assert permalink_count("a", "") == 0


class TestCredits:
    PICTURES = (
        Picture("a" * 64, "image/jpeg", 1, 1, 1, alt="Ein Saal", credit="Anna Beispiel"),
        Picture("b" * 64, "image/jpeg", 1, 1, 1, alt="Ein Flur", credit="Anna Beispiel"),
        Picture("c" * 64, "image/jpeg", 1, 1, 1, alt="Ein See", credit="Tom Licht/Agentur"),
    )
    BLOCKS = (Image("Blick in den Saal", "Anna Beispiel", "Ein Saal"), Paragraph("Text. Mehr."))

    @staticmethod
    def write(draft: Draft) -> str:
        return "\n\n".join(filter(None, (draft.headline, draft.body, draft.credits, PERMALINK)))

    def fitted(self, *blocks: Block, pictures: int, limit: int | None = None) -> str | None:
        text = fit(story(*blocks), self.write, limit=limit, pictures=self.PICTURES[:pictures])
        return text and text.removesuffix("\n\n" + PERMALINK)

    def test_they_are_on_a_line_of_their_own_each_once(self) -> None:
        assert self.fitted(*self.BLOCKS, pictures=0) == "Text. Mehr."
        assert self.fitted(*self.BLOCKS, pictures=2) == "Text. Mehr.\n\nFoto: Anna Beispiel"
        assert self.fitted(*self.BLOCKS, pictures=3) == (
            "Text. Mehr.\n\nFotos: Anna Beispiel; Tom Licht/Agentur"
        )

    def test_they_stay_while_the_text_gives_way(self) -> None:
        room = len(f"Text.\n\nFoto: Anna Beispiel\n\n{PERMALINK}")
        assert self.fitted(*self.BLOCKS, pictures=1, limit=room) == ("Text.\n\nFoto: Anna Beispiel")
        assert self.fitted(*self.BLOCKS, pictures=1, limit=room - 5) is None

    def test_a_picture_that_goes_along_is_not_described_as_if_it_did_not(self) -> None:
        assert self.fitted(self.BLOCKS[0], pictures=1) == (
            "Blick in den Saal\n\nFoto: Anna Beispiel"
        )
        assert self.fitted(Image("", "Anna Beispiel", "Ein Saal"), pictures=1) == (
            "Foto: Anna Beispiel"
        )
        assert self.fitted(*self.BLOCKS[:1], Image("Aus", "Wer"), pictures=1) == (
            "Blick in den Saal\n\nBild: Aus (Foto: Wer)\n\nFoto: Anna Beispiel"
        )

    @pytest.mark.parametrize("left", ["Foto: Anna Beispiel", "(Foto: Anna Beispiel)"])
    def test_a_credit_left_behind_the_text_is_no_text(self, left: str) -> None:
        text = Paragraph(f"Es klarte auf. {left}")
        assert self.fitted(self.BLOCKS[0], text, pictures=0) == "Es klarte auf."


@pytest.mark.parametrize(
    ("sentence", "limit", "cut"),
    [
        (
            "Am 3. März will die Kommission den Plan vorlegen.",
            38,
            "Am 3. März will die Kommission …",
        ),
        ("Es kam zu Protesten, wie Dr. Müller sagte.", 30, "Es kam zu Protesten …"),
        ("Der Preis stieg um 2,3 Prozent in der Woche.", 24, "Der Preis stieg …"),
        ("Der Chef (er ist erst seit Mai da) geht.", 30, "Der Chef …"),
        ("Roth will nicht mehr für die Partei antreten.", 27, "Roth will nicht mehr …"),
    ],
)
def test_cut_text_ends_behind_a_word_that_needs_no_other(
    sentence: str, limit: int, cut: str
) -> None:
    assert told(limit, Paragraph(sentence)) == cut
