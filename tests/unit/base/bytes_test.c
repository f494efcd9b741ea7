/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/base/bytes.h"

#include "protocols/base/attr.h"
#include "tests/support/t.h"

TEST(numbers_have_their_byte_order)
{
    uint8_t p[4];

    qp_put_be32(p, 0x81828384);
    T_EQ(p[0], 0x81);
    T_EQ(p[3], 0x84);
    T_CHECK(qp_get_be32(p) == 0x81828384);
    T_EQ(qp_get_be16(p), 0x8182);
    T_EQ(qp_get_le16(p), 0x8281);
    T_CHECK(qp_get_le32(p) == 0x84838281);
    qp_put_le32(p, 0x81828384);
    T_EQ(p[0], 0x84);
    qp_put_le16(p, 0x0102);
    T_EQ(p[0], 2);
}

TEST(reader_knows_its_end)
{
    static const uint8_t data[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13};
    struct qp_rd r = qp_rd(data, sizeof(data));
    uint8_t copy[4] = {9, 9, 9, 9};

    T_EQ(qp_rd_u8(&r), 1);
    T_EQ(qp_rd_be16(&r), 0x0203);
    T_EQ(qp_rd_le16(&r), 0x0504);
    T_EQ(qp_rd_be32(&r), 0x06070809);
    qp_rd_skip(&r, 1);
    T_EQ(qp_rd_left(&r), 3);
    T_EQ(qp_rd_le32(&r), 0);
    T_CHECK(r.bad);
    /* Once bad, always bad: also what would still have fitted. */
    T_EQ(qp_rd_u8(&r), 0);
    T_EQ(qp_rd_be16(&r), 0);
    T_EQ(qp_rd_be32(&r), 0);
    T_EQ(qp_rd_le16(&r), 0);
    qp_rd_copy(&r, copy, sizeof(copy));
    T_EQ(copy[0] | copy[3], 0);
    T_EQ(qp_rd_left(&r), 3);
    r = qp_rd(data, sizeof(data));
    qp_rd_copy(&r, copy, 4);
    T_EQ(copy[3], 4);
    T_CHECK(!qp_rd_take(&r, SIZE_MAX));
}

TEST(writer_knows_its_end)
{
    uint8_t buf[20] = {0};
    struct qp_wr w = qp_wr(buf, 19);

    qp_wr_u8(&w, 1);
    qp_wr_be16(&w, 0x0203);
    qp_wr_le16(&w, 0x0504);
    qp_wr_be32(&w, 0x06070809);
    qp_wr_le32(&w, 0x0d0c0b0a);
    qp_wr_bytes(&w, "\x0e\x0f", 2);
    qp_wr_fill(&w, 0xee, 2);
    for (uint8_t i = 0; i < 15; i++)
        T_EQ(buf[i], i + 1);
    T_EQ(buf[16], 0xee);
    T_EQ(qp_wr_len(&w), 17);
    qp_wr_be32(&w, 1);
    T_CHECK(w.bad);
    qp_wr_u8(&w, 1);
    qp_wr_be16(&w, 1);
    qp_wr_le16(&w, 1);
    qp_wr_le32(&w, 1);
    qp_wr_bytes(&w, "x", 1);
    qp_wr_fill(&w, 1, 1);
    T_EQ(qp_wr_len(&w), 17);
    T_EQ(buf[17] | buf[18] | buf[19], 0);
}

TEST(sizes_multiply_checked)
{
    size_t size = 5;

    T_EQ(qp_mul_size(3, 4, &size), 0);
    T_EQ(size, 12);
    T_EQ(qp_mul_size(SIZE_MAX / 2, 3, &size), -EOVERFLOW);
    T_EQ(size, 12);
}
