/* SPDX-License-Identifier: Apache-2.0 */
/* What is written is read back with libpng's simplified reader. */
#include "protocols/pixel/png.h"

#include <png.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/t.h"

TEST(rgb8_with_a_stride)
{
    uint8_t rows[3][16] = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
                           {255, 0, 255, 0, 255, 0, 9, 9, 9, 8, 8, 8},
                           {0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3}};
    png_image image = {.version = PNG_IMAGE_VERSION};
    uint8_t back[3 * 4 * 3], *data;
    size_t len;

    for (int level = 0; level <= 9; level += 3) {
        struct png_picture pic = {
            .format = PNG_RGB8, .w = 4, .h = 3, .stride = 16, .rows = rows, .level = level};

        T_EQ(png_encode(&pic, &data, &len), 0);
        T_EQ(png_image_begin_read_from_memory(&image, data, len), 1);
        T_EQ(image.width, 4);
        T_EQ(image.height, 3);
        image.format = PNG_FORMAT_RGB;
        T_EQ(png_image_finish_read(&image, NULL, back, 0, NULL), 1);
        for (int y = 0; y < 3; y++)
            T_CHECK(memcmp(back + 12 * y, rows[y], 12) == 0);
        free(data);
    }
}

/* The samples of a file are big-endian: look at the bytes of an uncompressed one. */
TEST(rgb16_is_big_endian)
{
    uint16_t row[3] = {0x1234, 0xABCD, 0x00FF};
    struct png_picture pic = {.format = PNG_RGB16, .w = 1, .h = 1, .rows = row, .level = 0};
    uint8_t *data;
    size_t len;

    T_EQ(png_encode(&pic, &data, &len), 0);
    T_EQ(data[24], 16); /* IHDR: bits */
    T_EQ(data[25], 2);  /* RGB */
    T_CHECK(memmem(data, len, "\x12\x34\xab\xcd\x00\xff", 6));
    free(data);
}

TEST(refused)
{
    uint8_t row[3] = {0};
    struct png_picture pic = {.w = 0, .h = 1, .rows = row};
    uint8_t *data = NULL;
    size_t len;

    T_EQ(png_encode(&pic, &data, &len), -EINVAL);
    pic.w = 65537;
    T_EQ(png_encode(&pic, &data, &len), -EINVAL);
    pic.w = 1;
    pic.level = 10;
    T_EQ(png_encode(&pic, &data, &len), -EINVAL);
    T_CHECK(!data);
}

TEST(write_to_a_folder_that_is_not_there)
{
    uint8_t row[3] = {0};
    struct png_picture pic = {.w = 1, .h = 1, .rows = row, .level = 1};
    struct qp_diag d = {""};

    T_EQ(png_write("no-such-folder/x.png", &pic, &d), -ENOENT);
    T_CHECK(strstr(d.text, "no-such-folder"));
}
