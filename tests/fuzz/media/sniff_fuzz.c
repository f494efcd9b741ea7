/* SPDX-License-Identifier: Apache-2.0 */
/* The first bytes of a file, and geometry for whatever size they claim. */
#include <stdlib.h>

#include "controller/player/media/geometry.h"
#include "controller/player/media/sniff.h"
#include "tests/support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct geometry_in in = {
        .fit = MEDIA_FILL, .box_w = 640, .box_h = 360, .align_x = 2, .align_y = 2};
    struct geometry geo;
    struct sniff s;

    sniff_bytes(data, size, &s);
    if (s.exif > 8)
        abort();
    if (s.w == 0 || s.h == 0 || s.w > MEDIA_MAX_SIDE || s.h > MEDIA_MAX_SIDE)
        return 0;
    in.w = (uint32_t)s.w;
    in.h = (uint32_t)s.h;
    in.orient = orient_from_exif(s.exif);
    geometry_fit(&in, &geo);
    if (geo.crop_x + geo.crop_w > in.w || geo.crop_y + geo.crop_h > in.h || geo.out_w > in.box_w ||
        geo.out_h > in.box_h)
        abort();
    return 0;
}
