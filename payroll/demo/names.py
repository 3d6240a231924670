"""Invented names of people for the demo companies."""

from random import Random

_VI_FAMILY = "Nguyễn Trần Lê Phạm Hoàng Phan Vũ Đặng Bùi Đỗ Hồ Ngô Dương Lý Đinh Mai Trịnh Đoàn Lương Tạ".split()
_VI_MIDDLE_F = "Thị Thu Ngọc Minh Thanh Kim Bảo Phương Hồng Khánh".split()
_VI_MIDDLE_M = "Văn Quốc Đức Minh Hữu Quang Gia Tuấn Anh Xuân".split()
_VI_GIVEN_F = "Trang Lan Hương Linh Hà Ánh Thảo Mai Ngân Yến Oanh Vy Nhung Thủy Quỳnh Hạnh Dung Diệp Châu Ly".split()
_VI_GIVEN_M = "Nam Huy Anh Dũng Sơn Bình Long Khoa Phúc Tùng Đạt Kiên Hải Thành Việt Cường Toàn Lâm Hiếu Trung".split()
_EN_GIVEN = "Amelia Oliver Grace Arthur Freya Hugo Nadia Marcus Priya Ewan Chloe Idris Maeve Tomas Ruth Kofi".split()
_EN_FAMILY = "Hartley Okafor Lindqvist Moreau Whitfield Kaur Brennan Castell Nwosu Dreyer Pemberton Sato Vance".split()


def person_names(language: str, count: int, random: Random) -> list[str]:
    """That many different full names, in the order names are written in the language."""
    names: dict[str, None] = {}
    while len(names) < count:
        names[_vietnamese(random) if language == "vi" else _english(random)] = None
    return list(names)


def _vietnamese(random: Random) -> str:
    middle, given = random.choice([(_VI_MIDDLE_F, _VI_GIVEN_F), (_VI_MIDDLE_M, _VI_GIVEN_M)])
    return f"{random.choice(_VI_FAMILY)} {random.choice(middle)} {random.choice(given)}"


def _english(random: Random) -> str:
    return f"{random.choice(_EN_GIVEN)} {random.choice(_EN_FAMILY)}"
