"""A small valid medium of each kind, for users who send a picture without having one.

All were drawn and recorded for this purpose: a speech bubble, a smiley, a second of a 440 Hz tone, a page.
Import this module only when a sample is wanted.
"""

from __future__ import annotations

from base64 import b64decode
from functools import cache

import msgspec


class Sample(msgspec.Struct, frozen=True):
    """A file as a sender would attach it: MIME type, name and bytes."""

    mime: str
    filename: str
    content: bytes


@cache
def sample(kind: str, variant: str = "") -> Sample:
    """The sample of a message kind: `audio` (a voice note), `document`, `image`, `sticker` or `video`.

    Variants: `image` `png`, `sticker` `animated`. Raises `KeyError` for anything else.
    """
    if (kind, variant) == ("document", ""):
        return Sample("application/pdf", "sample.pdf", _page("localwaba", "a page for testing"))
    mime, filename, content = _FILES[kind, variant]
    return Sample(mime, filename, b64decode(content))


def _page(title: str, line: str) -> bytes:
    """A PDF of one page with two lines of text (ISO 32000-1, 7.5)."""
    drawing = f"BT /F1 24 Tf 72 720 Td ({title}) Tj /F1 12 Tf 0 -28 Td ({line}) Tj ET".encode("ascii")
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d>>\nstream\n%s\nendstream" % (len(drawing), drawing),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    content = b"%PDF-1.4\n"
    offsets: list[int] = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    rows = len(objects) + 1
    return (
        content
        + b"xref\n0 %d\n0000000000 65535 f \n%s" % (rows, table)
        + b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (rows, len(content))
    )


# fmt: off
_FILES: dict[tuple[str, str], tuple[str, str, str]] = {
    ("image", ""): ("image/jpeg", "photo.jpg",
     "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19i"
     "Z2hnPk1xeXBkeFxlZ2P/2wBDARESEhgVGC8aGi9jQjhCY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2Nj"
     "Y2NjY2NjY2P/wAARCAAwAEADASIAAhEBAxEB/8QAGQABAQEBAQEAAAAAAAAAAAAAAAYFAQME/8QAJxAAAQMCBQQCAwAAAAAAAAAA"
     "AQACBAMRBhIhQZETMWGBobEFUVL/xAAYAQADAQEAAAAAAAAAAAAAAAAAAQIDBf/EAB0RAAMAAgMBAQAAAAAAAAAAAAABAgMRBBMx"
     "MiH/2gAMAwEAAhEDEQA/APiREW5wwiLbg4ZlSGZ5DhGaRoCMztttvvwk3oqIq3qUYiLfl4Vk0qeaNWbXO7SMh9a2+lgua5jy17S1"
     "zTYgixBQmmO8dR9I4iImQEREAbeFYTZE91d9i2OAQD/R7cWPuyslI4RlMpTKsdw1rNBafLb6cE8KuWVenT4uuv8AApfF0JrTSmss"
     "C49N4/Z7g/B+FUKbxhKZ0qEQC7y7qnwNQObnhE+lcjXW9ksiItTlBERAGn+BhMlzHuqvdTpUWF7qgNsp212I7+lRyMQwIhbT6r5L"
     "gLF1MA+ydBworM4MLQ45SQSL6Ejt9nlcUtbN4zPHOpRUy8WU+naHQcXneroB6B133Cmq9apIrOrVnl9R5uXFeaJpJEXlrJ9MIiJm"
     "Z//Z"),
    ("image", "png"): ("image/png", "photo.png",
     "iVBORw0KGgoAAAANSUhEUgAAAEAAAAAwCAIAAAAuKetIAAAAxklEQVR42u2ZQQ6DIBBFhXiCetTua9y3R+0dXDRxUxMj/8OE8GZp"
     "zPgeAyNoerxfU8+Rp84DAQQQQAABBBCIjLlS3u9z+7+4fFb7g5J9M3eKXk/DKXCJXkMjh9AX3F9XoIzG4pCj6F0Ow78H9CEUM4xd"
     "AVcnUfKwF0IAAQQ6FnDtKJU8w08hvQhiBhaxNoR6AXPgKrT0ANuB5i6Nq4N5PquEHOc9AoHozgo0AG0k0BLdIHDMn/bctgoEov8i"
     "8aMbAQQQQECJHbrJOhnbn/1XAAAAAElFTkSuQmCC"),
    ("audio", ""): ("audio/ogg; codecs=opus", "voice.ogg",
     "T2dnUwACAAAAAAAAAAAAAAAAAAAAAAIotXIBE09wdXNIZWFkAQE4AYC7AAAAAABPZ2dTAAAAAAAAAAAAAAAAAAABAAAASZW+VAEu"
     "T3B1c1RhZ3MGAAAAZmZtcGVnAQAAABQAAABlbmNvZGVyPUxhdmMgbGlib3B1c09nZ1MABLi8AAAAAAAAAAAAAAIAAACzfiGLES8s"
     "OCssLSkrJCQeIiIjICQgGODbYLQHP2eWEd2Kp779QDU7j3fbuidsSdlRk9tOgU2lA8AIVj7uDSQm89nkYdMY5/wcHoR09h6yXBYw"
     "vdECE9bmtx3QL5t9EUmkYpniQSNcY2rxneYA7z2UrBjoVF9jp8G0HRRrJZ1v/cIgwulh8AybOmRslm4bevPix0Tqhcu1s18Y6rH0"
     "BXM0GNJVRk0quE1AGOhONB6EdPYYokIZhxSTYHhzhROhl5QsI+INl5h7iwVgbywlXSNerWdNQBjoS8Q5/Wn6JA3uOGM5wceRv96T"
     "MlU5tQ6a2NsPFtDQcyTavOVLlbRkjST4GOhLxDnr6s0oly1h9PerLki2p9wdUZcEC1EWES2P9MDHufzPuSYYTMejrNtIGOhONB6E"
     "dPYesoDIzEV/4ux3GGd+iPa+A5ko4a0FshIzDI/NhYooyosY6FRfY6fBtBQk9FCJAUYQ/Tr0qPQ32okEeb3nTgZSN6MRJjG+fBrV"
     "OYx4GOigTB6DnEtaN3hevMVilTxLq1pEAsnuGV8u8KwfnSpLY+psGOigS7+35udcThIq/DPfbZmFfNm2YO4OecvRaPfjO78WFH6A"
     "GA53hagzxiZi45TMD2g8HXvLTJlGOVcH3c+3hor5GA6lEWg++s7sFdVs7q9xl3o5xIG03FMh7gZkG3TBjfIb1BgOpEGphdGaag55"
     "k1zukYYit4qZtYNAJ1y2+TM3tdxsDOwYDqRBqYXRobvfsclr5JkEpaH5QEjzhvEuPUOw5+NabF7m2BgOpRFoPvq053Gr9W32Ebzc"
     "uk9GPFLD1B9mt82EUU/4GA6lEWg+erEEgYRjC9oOt+fJdJ6uxCTkpYSl+lp3RW65zX/gGC6lEWg++q/yANuxUmFl0jtR33q1VmBF"
     "ABJ1VGirP7A="),
    ("video", ""): ("video/mp4", "clip.mp4",
     "AAAAIGZ0eXBpc29tAAACAGlzb21pc28yYXZjMW1wNDEAAAXEbW9vdgAAAGxtdmhkAAAAAAAAAAAAAAAAAAAD6AAAA+gAAQAAAQAA"
     "AAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAwAA"
     "AnJ0cmFrAAAAXHRraGQAAAADAAAAAAAAAAAAAAABAAAAAAAAA+gAAAAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAABAAAA"
     "AAAAAAAAAAAAAABAAAAAAEAAAAAwAAAAAAAkZWR0cwAAABxlbHN0AAAAAAAAAAEAAAPoAAAAAAABAAAAAAHqbWRpYQAAACBtZGhk"
     "AAAAAAAAAAAAAAAAAAAoAAAAKABVxAAAAAAALWhkbHIAAAAAAAAAAHZpZGUAAAAAAAAAAAAAAABWaWRlb0hhbmRsZXIAAAABlW1p"
     "bmYAAAAUdm1oZAAAAAEAAAAAAAAAAAAAACRkaW5mAAAAHGRyZWYAAAAAAAAAAQAAAAx1cmwgAAAAAQAAAVVzdGJsAAAAuXN0c2QA"
     "AAAAAAAAAQAAAKlhdmMxAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAAAEAAMABIAAAASAAAAAAAAAABDExhdmMgbGlieDI2NAAAAAAA"
     "AAAAAAAAAAAAAAAAAAAAGP//AAAAL2F2Y0MBQsAK/+EAF2dCwArZBHsBEAAAAwAQAAADAKDxImSAAQAFaMuDyyAAAAAQcGFzcAAA"
     "AAEAAAABAAAAFGJ0cnQAAAAAAAACSAAAAkgAAAAYc3R0cwAAAAAAAAABAAAABQAACAAAAAAUc3RzcwAAAAAAAAABAAAAAQAAABxz"
     "dHNjAAAAAAAAAAEAAAABAAAAAQAAAAEAAAAoc3RzegAAAAAAAAAAAAAABQAAACEAAAAKAAAACgAAAAoAAAAKAAAAJHN0Y28AAAAA"
     "AAAABQAABusAAAhnAAAJTwAACcsAAAr7AAACoXRyYWsAAABcdGtoZAAAAAMAAAAAAAAAAAAAAAIAAAAAAAAD6AAAAAAAAAAAAAAA"
     "AQEAAAAAAQAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAACRlZHRzAAAAHGVsc3QAAAAAAAAAAQAA"
     "A+gAAAQAAAEAAAAAAhltZGlhAAAAIG1kaGQAAAAAAAAAAAAAAAAAAB9AAAAjQFXEAAAAAAAtaGRscgAAAAAAAAAAc291bgAAAAAA"
     "AAAAAAAAAFNvdW5kSGFuZGxlcgAAAAHEbWluZgAAABBzbWhkAAAAAAAAAAAAAAAkZGluZgAAABxkcmVmAAAAAAAAAAEAAAAMdXJs"
     "IAAAAAEAAAGIc3RibAAAAH5zdHNkAAAAAAAAAAEAAABubXA0YQAAAAAAAAABAAAAAAAAAAAAAgAQAAAAAB9AAAAAAAA2ZXNkcwAA"
     "AAADgICAJQACAASAgIAXQBUAAAAAACbJAAAmyQWAgIAFFYhW5QAGgICAAQIAAAAUYnRydAAAAAAAACbJAAAmyQAAACBzdHRzAAAA"
     "AAAAAAIAAAAIAAAEAAAAAAEAAANAAAAATHN0c2MAAAAAAAAABQAAAAEAAAABAAAAAQAAAAIAAAACAAAAAQAAAAQAAAABAAAAAQAA"
     "AAUAAAACAAAAAQAAAAYAAAABAAAAAQAAADhzdHN6AAAAAAAAAAAAAAAJAAAA9wAAAMoAAACRAAAAcwAAAGsAAAByAAAAcQAAALUA"
     "AACwAAAAKHN0Y28AAAAAAAAABgAABfQAAAcMAAAIcQAACVkAAAnVAAALBQAAABpzZ3BkAQAAAHJvbGwAAAACAAAAAf//AAAAHHNi"
     "Z3AAAAAAcm9sbAAAAAEAAAAJAAAAAQAAAD11ZHRhAAAANW1ldGEAAAAAAAAAIWhkbHIAAAAAAAAAAG1kaXJhcHBsAAAAAAAAAAAA"
     "AAAACGlsc3QAAAAIZnJlZQAABcltZGF0ARhSrVA0wpK592/fzd1l3IkiSSSS5d2NjbF2NsXY2xcxaNzFo3MWjdHZh0dsXR2xeLuL"
     "eyuaeyuadjcW8XcW81dk01TNNWzbWEpllMsrSytNLiaXE7VppdTpjK9W9VnyeS5yr6nvyYzJRLRKRIiSiSiSgYGBgaWWWU3LLKil"
     "llllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllllll"
     "lllllllllllllllllllllllllAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAyIHwAAAB1liIQEfEYoAAkixwABCWjgACZTJycnXXXX"
     "XXXXgAEAnNk6G0S8FUS8FWS8FPt8//xf+f69cca1Nb8//H6f/h/5/jzx1xqI/+Pz/6f/P11xxxqRr/8Pz/6f/f64461d1Y0zNhiu"
     "aaZcy9jZsidkQsuXIFfGKj0ijCdZzoqqMY1Bo6OiOg3QOoUGoE6qKKDTiiig04ooXHQucDKKCwFQsGJkepcd8V2H6I885znUpUal"
     "KnnnnnnE6p1TqnnnnnnnnnnnnnnnnnAnnVPPPUeUaS4sGJcPrv2Kc6oeaedXNPzc3y5uaefeBRwBEvKLooZjfO/H5/6f/brjjWru"
     "Xcktci89/vJgHvCH/gDP7h/4zAe+gH+AHQn3BD399EIHwYZ/cg/8GGf3hD/w2HfeEH+Gw776A/8Zgn30A/xmCffQD/DYd9/cH+Mw"
     "T76A/8fAX7+4PmzGHv6Efx+A83vPJhS838LV/j4SQqJBIDwxSQAQvUiSRnMXEQUYSkBwAAAABkGaOAj42ADsMofmHjrO+/0//5f/"
     "8dXqcb1pV888VeXFft+6thgvQvUXb/dv33U3qbylNCm/fv379++++++++lHu3799yl776b/di9qHNlYL2R0AUJi9QILKL2CgSQsL"
     "6c69iJtCSd8oqFAQheyOEFRpSTELAFwEAHAA6jKFSFGzOuXOd/p//o//lvjVu/jJzxr36YvJnz+rMEZs5pC9c35s8n5/2en+xJhJ"
     "wMDAwNwMDRgYGLuowMzVmSTK+BUmQVoBmEExMZhAlBwCoSQJFhO0kQToAUAM4IEpRwAC4AALgICA4AAAAAZBmlQCPjYA7jKH5lqz"
     "N9+v/8P/896vV01qq4+eJUrd59v1TkRWtGE7DJlbNkdkdmxs2NnRBu2bNmzZs2NmyLZs2R2bNlkyMbIx4NlkfxRbaRiRs5dDgI2o"
     "WrKCaSdpDbRcjO0hYXCsgCQBYAIzAFyATtaiYaQEQHAAAAAGQZpgEPGwAOQyh+Zu/Uzff6f/8v/9ur4u5nErL50vKXn7fjTkOKlL"
     "8a7y9C+/epvU3lKXU379+/fvu3799N++7fv37/w277xub+e2lzflLqFyJIsLheyBl7YJyCtBQtQKFyKtorqF9oBUAFwuF1IlGC0q"
     "LhUBEBwBJjKL5hSqzv/+z/+fU1dySSJIkiZogxWrHpQyvuWrHpQyvuvVj01MrF/UDCq4VMr7lq09NTOruvVp6amV916semplfdfH"
     "j01XV918ePTVprkvjxXVprkvjxwq01ov6scKtNaL+rFdWmuS/qxXVp6UX9XdfVp6UM6u5dWnpQzq7vCrT0ov6u5aiOi8wAHTUzq7"
     "r1aempnV3Xq09KGV916semplci1Y4IZX3Xq09NV1eN6scKuAAAAABkGagD/GwAFAMovmUVTPX2/ni7u5JJIkiRIIFc+VbJtyFQZV"
     "sm3IVBlabm3OBOV2EZWmc25EMCGmTLcVAhpuZ1yGB9puZ1yGB9puZ1yGB9rnmdchgfa55luQwIa55luQwIa55luc0CGueZbnNAhX"
     "PlW5zQIa58q3ObchrnyrZzbkK58q2c25CufK05zbnFc+VpnNucVz5Wmc25CoMq2TbkKgyrZM6hUD62TOoVBlaZM64qB9pk3A"),
    ("sticker", ""): ("image/webp", "sticker.webp",
     "UklGRl4FAABXRUJQVlA4TFEFAAAv/8F/EBG3bSQ5Erq7vM0/4plZ8cKP6P8E6H/mUfIoN9jKHTZyRzDkluCVurxgL6KL6LQnCzcW"
     "vuTJe+4F6SCDLSnD3c/wC3/UWp681g2ALkluGKBkw40Gg9p7PvKgyd2YDcErwVmyJzjJkYBHEsDGDzVIjCRbbhukjQh+ckhLPoE9"
     "3gP53woECLea1BIIJAtGu6CAoMj/0WBBtlq3wWq5uiCrA9jjyOm7/TmosX/b/sv2X7b/sueVa/+dxO1i+8sSNLXe/sssFo69xVDX"
     "fG/n6pXvjV0Nsj3CZIztUSZDbI80+cA8mnCAAUBoz8AgVGfAEHozkAilGWCExAge0JeBSAiLgAJVGbCEnAgykBLBBjIi6EBCBB/I"
     "hygA6RANIBuiAiRDdIBciBKQCtECMiHzgfXt2iSBRKjjB12bLhAGVfogOdiuJ69dAKDz27ULgOz8du0CIDu/XbsAyBd/u7Y87aD3"
     "OZ/ttT/m3f7LNxiJljncrC44KJvRbyh7UDizH01OOuf3Q8lJ7Sx/HDlpnus3Ead7vt9CXAnmvPBLP++fMcWX+SYo+rx5xpRd/hui"
     "3NP9eibdr2fS/Xom3a9n0v16Jt2vZ9L9eibdr2fS/Xom3a9n4r90f38m3a9n4r9UeP90P2XFwImDxOp0eOLAVUPKcvDEAUF12H9N"
     "E76jgicOzAraJeW/lNWig/0Vkoo7Q/zbBb3giQOjYnZK+S9suH/39uGJA51SNl8FoJ4Jnjg8+SzhwZ1mIft4DnTKKkpo2peJqikm"
     "fb+6LvR5SDHdJW6yIo7/Qtoz6ONwr3NF91tm0v/S/ZaZvP+l+z1nUkWC9YlbwROH4nvV/Z4zqSJB6hg8cSjhVwVwzYi0G0BxwLwB"
     "f0+vAIpDAWxaqyCKQ6+pAIrDO2w7aJhU8MTh++iPL4bYLcjgiUOvkcETB3bPXJHn6w6g9MylBr5tYP+2/Zdv37IpkN3qTw/Tv7rZ"
     "/i88v/4XnrP7X3jIt/+B+fbnmIL+6rNW4IyPtF96mOXE6TDHigo4KBxMVkA8SHC4HxQpf69nOh3kMgwGgtp40S9BDgoIE5RHCwT3"
     "g7Jj1WRFs3x5UbC7ofUlSB+UStejgVIp+BXHb4jYzgekKe3nnkDpBq92etWhtLvi3XjQs79C8geWwqmw6Hp1kUDjgBUvelL7RNaT"
     "2elU0wf1Wnn/Uzxn7RUInU437dM/nRVTHJRRlwddSIXQKa3/+3GoMoz4wCPuXpuGdtejfk07nw7s952ZytMF1mU/bcDVRJkp3mRk"
     "qAjWIDoo0iAo66HazY95VvLpBKkGruB0iiig4C5IE02SOJ0uZrTE/2WE0WgJiOP1LfMV/9wmkMZs+pfnG3kU+OvJ3G1/K6DoQlt8"
     "9KIGpP/YUyGu3NAlZxbAKzh04SnqZBTIfoY4CJiDv/QozmSkyDxjEC0UYRA18h4873n4CA85OKZghSZDeBIrhMk5R7BCmRkYEivE"
     "yXjYDV+h0QHPi1gh0uojK9MKobIdQtOskOxgp+G6QrP7TxRmWaFdpqP4DV+tm2tZLuxDIe63wAqH2i997xP3W8AFReeXvveJ/23e"
     "UO2ghc3nZnU7aCUzuPP7pt+3fY+gsu27k5ZP/l3k1e+VV/+0efWvQaX3yfT+LmM+SO8/BI35IL2/DhnzQcx3iPm7iWLT8UGKAS5I"
     "NcADKQc4IPUAfqQgwI5UBLiRkiCYGTUJzEhOd6SMrgRSJKw7PkZiAhkjNIGJkZtAw4hO4GCkJxAwBhB5ts0H0zNtfpieZfPFlGf4"
     "GuR6Z1+rXAN/rPZfuU1c/78DtH/b/sv2X7b/suORAQA="),
    ("sticker", "animated"): ("image/webp", "sticker.webp",
     "UklGRkgGAABXRUJQVlA4WAoAAAASAAAA/wEA/wEAQU5JTQYAAAAAAAAAAABBTk1GfgUAABAAABAAAMABAMABAJABAAJWUDhMZQUA"
     "AC/AAXAQEcdtG0kSbOs3+UdcR3fvJhDR/wnQT+ZF8iI3mHKHLncEJbcET4SUFywiuohOC1m4sfANT164F6SDDJ51N//j+dH3efL3"
     "HQF0SXJkgJKF16D2ko982o2ZeMRZsjA8MbDLgQ2wmKcqH0FiJElyG7XbY8E4B7fux/YzgwMIsm1qe6bRXiCQJDjtggKCQv9HgwRJ"
     "btyGYgXLBSi6AOigfCpPAKRnud5/9qB0uFlntvxhDqWSMP9klAz63qKr7ba3MzXb9samDuuOUDmrO0rlqO5IlZHM0YSFDAHCPIYG"
     "YRtDhjCMoURYxRAjPEL0gEEMRcIZRBTYwpAl/ECUgReINvABUQceIPpAP5IAtCMZQDeSAjQjOUAvkgS0IllAJ0oPZFevt0igEe1c"
     "p+stFyhDo9pJD7t35PVOEOxevd4JkrtXr3eC5O7V650g+eys19ueCga9ey6Mpy0DPu7nf3kcF8DLGH60TDydjeh/s2twOLKPZyOf"
     "4/tgNnI7yo9kI89jvcyc7/FeZG4IYj74yQescJ/4I78EaQcsb5/g478QCQfELkPPgcVINiByGXgeLEiiAXHLsHNhUZIMiFoGnQ8L"
     "k2BAzDLknFic5AICLBG3A86LBUosIMAyY+3a/Vi6AtHxg0eidnz8QFZSClPt+PiBQXbkd2AGCPeqHR8/zM+ZMRBgCXbymVSGJFj4"
     "LF39ncfGxw+U2kmJAAsd7u89Pj5+4NNOTwBny7+3qfHxw8mbuYlPXDnR5rOpcRaAE5L3hu6aoJJIeTVtbNMpQV4EWrI0AgIsrC1r"
     "x8cPYe6txyWJgA0sUWpyy5dHaAnSMrn15Vi4vhaiKz5+mJ4/MVpmZ5tjYWrYFR8/DNGfBNfGtNkVIT9QWSi+IK52hPyQ4GKWqB0j"
     "P0y7qB0hPzwGFjBNqnZ8/PBSdSvZzJ4Q6YqPH6ad7Op8P9Bl7fnewqn6N0jkt3z+l3e58mpavlr+x0af/9fwnoTX8ICvwAko8A7a"
     "EXiFMQRG6odAdMXTP5YwhHPcDIazr7gAgAdTu64oZjkPc4CVfVgj1Y5yHtWOA8Gtv2uHYYAIUzuW6U7BHPBz9tzVuP5QBNrN2hH7"
     "eY7cTqpM8QnASxh3I07SxRT+hkOASrN2fGVUs8/happ3EdaQdleezU+ME7WbmBfHATyEeZKgjWFGwJEbjWsS2Mw31/DZ8XXF0Kh2"
     "oAFu185LrwFBHWHHibLSY0C87SVKK8DJtwbHc4JVO97NjNpBG/O5swgudzkxOjLiJrlh1Z/1AkEL3WTtdGSEalA7IYIhuDFKWW9j"
     "inV1t/XIkVpB7SQJouBGSJFeJFE7YWq2xB2YANbSlR9P5APaVLXTmQecVUa8hAYgf1LU1d3W11XoF39mIdkA7z5goSvmIg0ZutoA"
     "q654yOiFdLIrCdEHQDyA/P+/WPiUZFLNl4IqBl2JEWyAYAQI2nXU7hALNX2Ugq5EddFJdKUs5hpBV9JGUEh0pS7igLruXYncYnUR"
     "Xam8DqRK1ZXSaAOChulK89Yqw7Qr0RfTJYzSlfhIA44//eR1FR7lwU5GIL4K+AzvHt/NswHiq4DD8IzIbp4NEGAFLXn1tYATpF6Z"
     "6i5MPBOkHt71CXaTJ18PtxAKfD3ckTTwv98qgKenFfD0HBZ4el5MAOZwmwGmlpWzGWhGyQFg+2YyQHoA2L4rQkB6AEjPAEhvNUB6"
     "wwHpnUYB6Z0JA+lNZgAL5qP8kQWAO7IB8EZWAIAzYwfBGflhzpQxhmCKnDHnx3hEMGOcIjgxfhFsGNcIHox3BAPGQQI4W2ek6kyd"
     "oaqzdMaqgDNsAzMFLH9l+W26Ail8gTiRhHFwuqo2W0AAQU5NRpYAAACWAABYAAA4AABAAACQAQAAVlA4TH0AAAAvOAAQEA7GbdtI"
     "qm67365OW9j7ZQPzuNn/NPV/AiKf3w67RzlVQqolVG+r01SvpW5D/bISz6ZMSalnUu55lHwWZV9c6Q+r/MXEGCP8sfnLGbhxu7Is"
     "PXthubigchYB5TyCyZkEEi0iZxNA9LY4TfFa4jYEKApTEuyhsHdEDgA="),
}
# fmt: on
