"""Search without accents and Vietnamese order."""

import pytest

from kpiapp.text import person_sort_key, search_key, sort_key


@pytest.mark.parametrize(
    ("text", "key"), [("Trả lương", "tra luong"), ("  Đỗ  Anh ", "do anh"), ("ĐIỆN", "dien"), ("Ưu đãi", "uu dai")]
)
def test_search_key_drops_every_accent(text, key):
    """What a person types without accents finds what is written with them."""
    assert search_key(text) == key


def test_letters_sort_as_in_a_vietnamese_dictionary():
    """a ă â, d đ, o ô ơ; tones only decide between equal letters: ngang huyền hỏi ngã sắc nặng."""
    words = ["ma", "mà", "mả", "mã", "má", "mạ", "măng", "mân", "da", "đa", "oi", "ôi", "ơi"]
    order = ["da", "đa", "ma", "mà", "mả", "mã", "má", "mạ", "măng", "mân", "oi", "ôi", "ơi"]
    assert sorted(words, key=sort_key) == order


def test_people_sort_by_given_name():
    """Lê Thị An comes before Bùi Văn Bình, and every Anh before the first Ánh."""
    names = ["Trịnh Thị Ánh", "Bùi Văn Bình", "Vũ Đức Anh", "Lê Thị An", "Ngô Gia Anh"]
    order = ["Lê Thị An", "Ngô Gia Anh", "Vũ Đức Anh", "Trịnh Thị Ánh", "Bùi Văn Bình"]
    assert sorted(names, key=person_sort_key) == order
