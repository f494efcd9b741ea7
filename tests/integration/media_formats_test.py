#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# timeout: 240
# parallel
"""Real files of many codecs, containers and image formats through the whole player.

Each holds one picture of four fields (red, green, blue, grey). The first frame on the wire must have
the right colour in every field: a swapped matrix, range, plane or axis moves one of them by far more
than the coding does.
"""
import os
import struct
import subprocess
import sys
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))
import receive
import walls
from tap import Skip, Tap, ffmpeg, get_json, player, put_json, temporary

WIDTH, HEIGHT = 64, 32  # of the wall; pictures are stretched over it
W, H = 96, 64           # of a picture
FIELDS = {(0, 0): (200, 30, 40), (0, 1): (30, 180, 50), (1, 0): (40, 60, 210), (1, 1): (120, 120, 120)}
tap = Tap()


def pixels(alpha=None):
    """The picture as rows of RGB, or of RGBA with the right half that opaque."""
    out = bytearray()
    for y in range(H):
        for x in range(W):
            out += bytes(FIELDS[2 * y // H, 2 * x // W])
            if alpha is not None:
                out.append(alpha if x >= W // 2 else 255)
    return bytes(out)


def make(folder, name, *arguments, alpha=None):
    path = os.path.join(folder, name)
    ffmpeg("-f", "rawvideo", "-pix_fmt", "rgb24" if alpha is None else "rgba", "-s", f"{W}x{H}",
           "-r", 25, "-stream_loop", 9, "-i", "-", *arguments, path, data=pixels(alpha))
    return path


def first_frame(folder, file, background="#000000", **zone):
    layout = put_json(folder, "layout.json", {"background": background, "layers": [
        {"type": "zone", "playlist": "main", "fit": "stretch", **zone}]})
    wall = put_json(folder, "wall.json", walls.plain(width=WIDTH, height=HEIGHT, refresh=50))
    capture = os.path.join(folder, "o.pcapng")
    ended = player("play", "--wall", wall, "--layout", layout, "--unpaced", "--frames", 1,
                   "--link", f"pcap:{capture}", file)
    assert ended.status == 0, str(ended)
    description = get_json(wall)
    frames = receive.rebuild_file(walls.ports(description), capture)["p"].frames
    return walls.canvas_of(description, {"p": frames[0].cells})


def fields_of(canvas):
    """Mean colour of the middle of each field."""
    found = {}
    for row, column in FIELDS:
        x0, y0 = column * WIDTH // 2 + 8, row * HEIGHT // 2 + 4
        spots = [3 * (y * WIDTH + x) for y in range(y0, y0 + 8) for x in range(x0, x0 + 16)]
        found[row, column] = tuple(sum(canvas[s + k] for s in spots) / len(spots) for k in range(3))
    return found


def far(found, wanted=None):
    wanted = wanted or FIELDS
    return max(abs(a - b) for place in wanted for a, b in zip(found[place], wanted[place]))


def shows(name, folder, path, tolerance, wanted=None, **how):
    found = fields_of(first_frame(folder, path, **how))
    tap.ok(far(found, wanted) <= tolerance, name, f"{found}\nwanted {wanted or FIELDS}")


# --- codecs and containers ----------------------------------------------------------------------

def yuv(form="yuv420p", matrix="bt709", coding="tv"):
    return ("-vf", f"scale=out_color_matrix={matrix}:out_range={coding}:flags=accurate_rnd,"
            f"format={form}", "-colorspace", {"bt601": "smpte170m"}.get(matrix, matrix),
            "-color_range", coding)


# QuickTime names the matrix only together with these two.
TAGS = ("-color_primaries", "bt709", "-color_trc", "bt709")
# What the file does not say: BT.601, limited (small pictures).
PLAIN = ("-vf", "scale=out_color_matrix=bt601:out_range=tv,format=yuv420p")

CLIPS = {
    "H.264 in MP4": ("a.mp4", 5, *yuv(), "-c:v", "libx264", "-qp", 6),
    "H.264 full range BT.601 in Matroska": ("a.mkv", 5, *yuv(matrix="bt601", coding="pc"), "-c:v",
                                            "libx264", "-qp", 6),
    "H.264 10 bit 4:2:2 in QuickTime": ("a.mov", 5, *yuv("yuv422p10le"), "-c:v", "libx264", "-qp", 6),
    "H.264 in a transport stream": ("a.ts", 5, *yuv(), "-c:v", "libx264", "-qp", 6),
    "H.264 in FLV": ("a.flv", 5, *yuv(), "-c:v", "libx264", "-qp", 6),
    "H.264 in fragments": ("f.mp4", 5, *yuv(), "-c:v", "libx264", "-qp", 6, "-movflags",
                           "frag_keyframe+empty_moov"),
    "HEVC 10 bit BT.2020 matrix in MP4": ("h.mp4", 6, *yuv("yuv420p10le", "bt2020"), "-c:v",
                                          "libx265", "-x265-params", "qp=8:log-level=none",
                                          "-colorspace", "bt2020nc"),
    "AV1 in MP4": ("v.mp4", 8, *yuv(), "-c:v", "libaom-av1", "-cpu-used", 8, "-crf", 5),
    "VP8 in WebM": ("8.webm", 8, *PLAIN, "-c:v", "libvpx", "-crf", 4, "-b:v", "4M"),
    "VP9 in WebM": ("9.webm", 8, *yuv(), "-c:v", "libvpx-vp9", "-crf", 4),
    "MPEG-2 interlaced in a programme stream": ("2.mpg", 10, *PLAIN, "-c:v", "mpeg2video", "-flags",
                                                "+ildct+ilme", "-top", 1, "-q:v", 2),
    "MPEG-4 in AVI": ("4.avi", 8, *PLAIN, "-c:v", "mpeg4", "-q:v", 2),
    "Motion JPEG in AVI": ("j.avi", 8, "-pix_fmt", "yuvj420p", "-c:v", "mjpeg", "-q:v", 2),
    "ProRes in QuickTime": ("p.mov", 6, *yuv("yuv422p10le"), *TAGS, "-c:v", "prores_ks"),
    "FFV1 RGB in NUT": ("n.nut", 1, "-c:v", "ffv1", "-pix_fmt", "bgr0"),
    "Theora in Ogg": ("t.ogv", 10, *PLAIN, "-c:v", "libtheora", "-q:v", 10),
    "WMV 2 in ASF": ("w.wmv", 12, *PLAIN, "-c:v", "wmv2", "-q:v", 2),
    "raw 4:2:0 in Y4M": ("y.y4m", 5, *PLAIN),
    "animated GIF": ("g.gif", 6, "-filter_complex", "split[a][b];[a]palettegen[p];[b][p]paletteuse"),
    "animated PNG": ("g.apng", 1, "-plays", 0, "-f", "apng"),
}

IMAGES = {
    "PNG": ("a.png", 1),
    "PNG, 16 bit": ("b.png", 1, "-pix_fmt", "rgb48be"),
    "PNG, palette": ("c.png", 2, "-filter_complex",
                     "split[a][b];[a]palettegen=max_colors=16[p];[b][p]paletteuse=dither=none",
                     "-pix_fmt", "pal8"),
    "JPEG 4:2:0": ("a.jpg", 6, "-pix_fmt", "yuvj420p", "-q:v", 2),
    "JPEG 4:4:4": ("b.jpg", 6, "-pix_fmt", "yuvj444p", "-q:v", 2),
    "WebP": ("a.webp", 8, "-c:v", "libwebp", "-quality", 98),
    "WebP, lossless": ("b.webp", 1, "-c:v", "libwebp", "-lossless", 1),
    "TIFF, LZW": ("a.tif", 1, "-compression_algo", "lzw"),
    "TIFF, 16 bit": ("b.tif", 1, "-pix_fmt", "rgb48le"),
    "GIF": ("a.gif", 6),
    "BMP": ("a.bmp", 1),
    "JPEG 2000": ("a.jp2", 4, "-c:v", "libopenjpeg", "-pix_fmt", "rgb24"),
    "PPM": ("a.ppm", 1),
}


def check_clip(name, file, tolerance, *arguments):
    with temporary() as folder:
        shows(f"{name}: every field has its colour", folder, make(folder, file, *arguments), tolerance)


def check_image(name, file, tolerance, *arguments):
    with temporary() as folder:
        path = make(folder, file, "-frames:v", 1, *arguments)
        shows(f"{name}: every field has its colour", folder, path, tolerance)


# --- which way is up ----------------------------------------------------------------------------

# EXIF 2.3, tag 274: which side of the scene the first row and the first column are.
SIDES = {1: ("top", "left"), 2: ("top", "right"), 3: ("bottom", "right"), 4: ("bottom", "left"),
         5: ("left", "top"), 6: ("right", "top"), 7: ("right", "bottom"), 8: ("left", "bottom")}


def upright(orientation):
    """The fields as a person should see them."""
    sides, seen = SIDES[orientation], {}
    for stored, colour in FIELDS.items():
        place = {}
        for at, side in zip(stored, sides):
            axis = "row" if side in ("top", "bottom") else "column"
            place[axis] = at if side in ("top", "left") else 1 - at
        seen[place["row"], place["column"]] = colour
    return seen


def exif(orientation):
    return b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 274, 3, 1, orientation, 0, 0)


def jpeg_with(data, orientation):
    block = b"Exif\0\0" + exif(orientation)
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + data[2:]


def png_with(data, orientation):
    block = b"eXIf" + exif(orientation)
    end = 8 + 25  # after the header chunk
    return data[:end] + struct.pack(">I", len(block) - 4) + block + \
        struct.pack(">I", zlib.crc32(block)) + data[end:]


def webp_with(data, orientation):
    block = exif(orientation)
    head = struct.pack("<4sIB3x", b"VP8X", 10, 8) + (W - 1).to_bytes(3, "little") + \
        (H - 1).to_bytes(3, "little")
    body = b"WEBP" + head + data[12:] + struct.pack("<4sI", b"EXIF", len(block)) + block
    return b"RIFF" + struct.pack("<I", len(body)) + body


def tiff_with(_, orientation):
    """The smallest RGB TIFF: one strip after the directory."""
    tags = [(256, 3, W), (257, 3, H), (258, 3, 8), (259, 3, 1), (262, 3, 2), (273, 4, 200),
            (274, 3, orientation), (277, 3, 3), (278, 3, H), (279, 4, 3 * W * H)]
    head = b"II*\0" + struct.pack("<IH", 8, len(tags))
    head += b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    # One value for bits per sample stands for all three in readers of old files; be exact instead.
    head = head.replace(struct.pack("<HHII", 258, 3, 1, 8), struct.pack("<HHII", 258, 3, 3, 180))
    head += bytes(4)
    return head.ljust(180, b"\0") + struct.pack("<HHH", 8, 8, 8).ljust(20, b"\0") + pixels()


def check_orientation(name, file, edit, tolerance, *arguments):
    wrong = {}
    with temporary() as folder:
        with open(make(folder, file, "-frames:v", 1, *arguments), "rb") as stored:
            data = stored.read()
        for orientation in SIDES:
            path = os.path.join(folder, f"turned-{file}")
            with open(path, "wb") as out:
                out.write(edit(data, orientation))
            found = fields_of(first_frame(folder, path))
            if far(found, upright(orientation)) > tolerance:
                wrong[orientation] = found
    tap.ok(not wrong, f"{name}: all eight EXIF orientations stand upright", wrong)


def check_rotation():
    """FFmpeg writes the angle counter-clockwise into the display matrix of MP4."""
    turned = {90: 8, 180: 3, 270: 6}
    wrong = {}
    with temporary() as folder:
        clip = make(folder, "a.mp4", *yuv(), "-c:v", "libx264", "-qp", 6)
        for angle, orientation in turned.items():
            path = os.path.join(folder, "turned.mp4")
            ffmpeg("-i", clip, "-c", "copy", "-metadata:s:v", f"rotate={angle}", path)
            found = fields_of(first_frame(folder, path))
            if far(found, upright(orientation)) > 6:
                wrong[angle] = found
    tap.ok(not wrong, "MP4: pictures turned by the display matrix stand upright", wrong)


# --- the shape of pixels, transparency, names ---------------------------------------------------

def check_aspect():
    """96 x 64 with pixels 4/3 wide is 2:1 like the wall: nothing is left uncovered."""
    with temporary() as folder:
        path = make(folder, "a.mp4", "-vf", "scale=out_color_matrix=bt709,format=yuv420p,setsar=4/3",
                    "-colorspace", "bt709", "-c:v", "libx264", "-qp", 6)
        canvas = first_frame(folder, path, fit="fit", background="#ff00ff")
    corners = [canvas[3 * (y * WIDTH + x):3 * (y * WIDTH + x) + 3]
               for x, y in ((0, 0), (WIDTH - 1, 0), (0, HEIGHT - 1), (WIDTH - 1, HEIGHT - 1))]
    near = all(max(abs(a - b) for a, b in zip(c, FIELDS[p])) <= 8
               for c, p in zip(corners, ((0, 0), (0, 1), (1, 0), (1, 1))))
    tap.ok(near, "pixel aspect: wide pixels fill a wide wall", corners)
    with temporary() as folder:
        path = make(folder, "b.png", "-frames:v", 1)
        canvas = first_frame(folder, path, fit="fit", background="#ff00ff")
    tap.ok(canvas[:3] == b"\xff\x00\xff" and canvas[3 * (WIDTH // 2 - 4):][:3] == bytes(FIELDS[0, 0]),
           "fit leaves the background at both sides", canvas[:12])


TRANSPARENT = {
    "PNG": ("a.png", 2, "-frames:v", 1, "-pix_fmt", "rgba"),
    "PNG, 16 bit": ("b.png", 2, "-frames:v", 1, "-pix_fmt", "rgba64be"),
    "WebP": ("a.webp", 3, "-frames:v", 1, "-c:v", "libwebp", "-lossless", 1),
    "VP9 in WebM": ("a.webm", 10, "-c:v", "libvpx-vp9", "-crf", 4, "-vf",
                    "scale=out_color_matrix=bt709,format=yuva420p", "-colorspace", "bt709"),
    "ProRes 4444": ("a.mov", 8, "-c:v", "prores_ks", "-profile:v", 4, "-vf",
                    "scale=out_color_matrix=bt709,format=yuva444p10le", "-colorspace", "bt709",
                    *TAGS),
    "animated PNG": ("a.apng", 2, "-f", "apng", "-pix_fmt", "rgba"),
}


def check_alpha(name, file, tolerance, *arguments):
    """Half covers half: codes are blended, as authoring programs do."""
    under = (255, 0, 255)
    wanted = {(r, c): FIELDS[r, c] if c == 0 else
              tuple((a * 128 + b * 127) / 255 for a, b in zip(FIELDS[r, c], under)) for r, c in FIELDS}
    with temporary() as folder:
        path = make(folder, file, *arguments, alpha=128)
        shows(f"{name}: half transparent over the background", folder, path, tolerance, wanted,
              background="#ff00ff")


def check_names():
    """What a file holds counts, not what it is called."""
    with temporary() as folder:
        path = make(folder, "a.mp4", *yuv(), "-c:v", "libx264", "-qp", 6)
        for name in ("clip.png", "clip", "100% %d.jpg", "点.txt"):
            wrong = os.path.join(folder, name)
            os.rename(path, wrong)
            shows(f'an MP4 called "{name}" plays', folder, wrong, 5)
            path = wrong


def encoders():
    listed = subprocess.run(["ffmpeg", "-v", "error", "-encoders"], capture_output=True, timeout=60,
                            check=True).stdout.decode()
    return {line.split()[1] for line in listed.splitlines() if len(line.split()) > 1}


def with_encoder(have, function, name, file, tolerance, *arguments):
    wanted = arguments[arguments.index("-c:v") + 1] if "-c:v" in arguments else None
    if wanted and wanted not in have:
        raise Skip(f"this ffmpeg has no {wanted}")
    function(name, file, tolerance, *arguments)


def main():
    have = encoders()
    for function, table in ((check_clip, CLIPS), (check_image, IMAGES), (check_alpha, TRANSPARENT)):
        for name, how in table.items():
            tap.case(name, with_encoder, have, function, name, *how)
    tap.case("JPEG", check_orientation, "JPEG", "a.jpg", jpeg_with, 6, "-pix_fmt", "yuvj444p", "-q:v", 2)
    tap.case("PNG", check_orientation, "PNG", "a.png", png_with, 1)
    tap.case("WebP", check_orientation, "WebP", "a.webp", webp_with, 1, "-c:v", "libwebp", "-lossless", 1)
    tap.case("TIFF", check_orientation, "TIFF", "a.tif", tiff_with, 1)
    tap.case("rotation", check_rotation)
    tap.case("aspect", check_aspect)
    tap.case("names", check_names)
    tap.done()


if __name__ == "__main__":
    main()
