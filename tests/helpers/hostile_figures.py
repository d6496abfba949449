"""Files that are broken, huge, locked or ill-meant, and sound ones in rare dress, for whatever opens figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.helpers.drawn_figures import Style, gallery

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="400" height="300">'


def pdf(pages: list[bytes], *, trailer: bytes = b"") -> bytes:
    """A plain PDF of content streams, written out by hand."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>"]
    kids = b" ".join(b"%d 0 R" % (3 + 2 * i) for i in range(len(pages)))
    objects.append(b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(pages), kids))
    for i, content in enumerate(pages):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 300] /Contents %d 0 R >>" % (4 + 2 * i)
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    out, places = b"%PDF-1.4\n", []
    for i, body in enumerate(objects):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (i + 1, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"trailer << /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF" % (
        len(objects) + 1,
        trailer,
        start,
    )


def refused_files(folder: Path) -> list[Path]:
    """Files that can only be refused."""
    folder.mkdir(parents=True, exist_ok=True)
    locked = b"/Encrypt << /Filter /Standard /V 1 /R 2 /O <%s> /U <%s> /P -4 >> /ID [<%s> <%s>]"
    made: dict[str, bytes] = {
        "encrypted.pdf": pdf(
            [b"0 0 m 9 9 l S"], trailer=locked % (b"1f" * 32, b"2e" * 32, b"3d" * 16, b"3d" * 16)
        ),
        "pages_500.pdf": pdf([b"50 50 m 300 50 l 300 200 l S"] * 500),
        "not_a_number.pdf": pdf([b"nan 50 m nan nan l 300 nan l 1e999 20 l S"]),
        "no_pages.pdf": pdf([]),
        "cut.pdf": pdf([b"50 50 m 300 50 l S"])[:200],
        "bomb.svg": _bomb(),
        "script.svg": (
            SVG + "<script>throw 1</script><rect width='9' height='9' onload='x()'/></svg>"
        ).encode(),
        "outside_file.svg": (
            '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
            + SVG
            + "<text x='9' y='9'>&x;</text></svg>"
        ).encode(),
        "outside_picture.svg": (
            SVG + '<image xlink:href="http://192.0.2.1/x.png" width="400" height="300"/></svg>'
        ).encode(),
        "deep.svg": (SVG + "<g>" * 20_000 + "</g>" * 20_000 + "</svg>").encode(),
        "use_circle.svg": (SVG + '<g id="a"><use xlink:href="#a"/></g></svg>').encode(),
        "no_numbers.svg": (SVG + '<path d="M nan,nan L inf,1 L 1e999,2"/><path d="M x y z"/></svg>').encode(),
        "cut.svg": (SVG + '<path d="M 0 0 L 10 10').encode(),
        "text.png": b"time,survival\n0,1\n",
        "text.tif": b"II*\0 no picture",
        "nothing.png": b"",
        "nothing.pdf": b"",
        "nothing.svg": b"",
        "table.docx": b"PK\3\4",
    }
    for name, content in made.items():
        (folder / name).write_bytes(content)
    (folder / "a_folder.png").mkdir(exist_ok=True)
    (folder / "million.svg").write_text(_million())
    Image.new("RGB", (1, 1)).save(folder / "one_pixel.png")
    Image.new("1", (20_000, 20_000), 1).save(folder / "huge_and_empty.png")
    return [
        folder / name
        for name in (
            *made,
            "a_folder.png",
            "million.svg",
            "one_pixel.png",
            "huge_and_empty.png",
            "missing.png",
        )
    ]


def _bomb() -> bytes:
    laughs = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    return f'<!DOCTYPE svg [<!ENTITY l0 "ha">{laughs}]>{SVG}<text>&l9;</text></svg>'.encode()


def _million() -> str:
    rng = np.random.default_rng(5)
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in rng.uniform(0, 300, (1_000_000, 2)))
    return f'{SVG}<polyline fill="none" stroke="black" points="{points}"/></svg>'


def odd_but_sound(folder: Path) -> list[dict[str, Any]]:
    """A sound figure with an alpha channel, in CMYK, turned by its EXIF tag, in 16 bits, in a palette, cut short, and large."""
    style = Style(
        name="sound", family="odd", seed=77, form="png", dpi=150, arms=2, censor="none", legend="none"
    )
    (entry,) = gallery(folder, [style])
    drawn = Image.open(folder / entry["file"]).convert("RGB")
    white = np.asarray(drawn).min(axis=2, keepdims=True) > 250
    seen = np.where(white, 0, 255).astype(np.uint8)
    see_through = np.concatenate([np.where(white, 0, np.asarray(drawn)).astype(np.uint8), seen], axis=2)
    Image.fromarray(see_through).save(folder / "alpha.png")
    drawn.convert("CMYK").save(folder / "cmyk.jpg", quality=92)
    tag = Image.Exif()
    tag[0x0112] = 6
    drawn.transpose(Image.Transpose.ROTATE_90).save(folder / "turned_by_tag.jpg", quality=92, exif=tag)
    drawn.convert("P", palette=Image.Palette.ADAPTIVE).save(folder / "palette.png")
    grey16 = np.asarray(drawn.convert("L")).astype(np.uint16) * 257
    Image.fromarray(grey16).save(folder / "grey16.png")
    whole = (folder / entry["file"]).read_bytes()
    (folder / "cut_short.png").write_bytes(whole[: len(whole) // 2])
    wide = drawn.resize((20_000, 15_000), Image.Resampling.NEAREST)
    wide.save(folder / "large.png", compress_level=1)
    names = (
        "alpha.png",
        "cmyk.jpg",
        "turned_by_tag.jpg",
        "palette.png",
        "grey16.png",
        "cut_short.png",
        "large.png",
    )
    return [{**entry, "file": name} for name in names]
