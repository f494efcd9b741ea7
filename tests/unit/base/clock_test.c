/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/base/clock.h"

#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "protocols/base/attr.h"
#include "tests/support/t.h"

#define T0 (1700000000 * QP_NS_PER_S)

/* t = 1 700 000 000.123456789 s: index, and how long to wait for the next boundary. */
TEST(lattice_vectors)
{
    static const struct {
        struct qp_rational rate;
        int64_t index, wait_ns;
    } vectors[] = {
        {{25, 1}, 42500000003, 36543211}, {{30000, 1001}, 50949050952, 8309878},
        {{50, 1}, 85000000006, 16543211}, {{60000, 1001}, 101898101905, 8309878},
        {{60, 1}, 102000000007, 9876545}, {{120, 1}, 204000000014, 1543211},
    };
    int64_t t = T0 + 123456789;

    for (size_t i = 0; i < QP_ARRAY_LEN(vectors); i++) {
        int64_t n = qp_lattice_index(vectors[i].rate, t);

        T_EQ(n, vectors[i].index);
        T_EQ(qp_lattice_due(vectors[i].rate, n + 1) - t, vectors[i].wait_ns);
    }
}

static void check_lattice(struct qp_rational rate, int64_t n)
{
    int64_t due = qp_lattice_due(rate, n);

    T_EQ(qp_lattice_index(rate, due), n);
    T_EQ(qp_lattice_index(rate, due - 1), n - 1);
    /* Never early, less than one ns late: due - 1 < n / rate <= due. */
    T_CHECK((__int128)due * rate.num >= (__int128)n * rate.den * QP_NS_PER_S);
    T_CHECK((__int128)(due - 1) * rate.num < (__int128)n * rate.den * QP_NS_PER_S);
}

TEST(lattice_index_and_due_are_inverse)
{
    static const struct qp_rational rates[] = {
        {24000, 1001}, {24, 1}, {50, 1}, {60000, 1001}, {240, 1}, {1, 1000}, {999999937, 1000003},
    };
    uint64_t x = 88172645463325252;

    for (size_t i = 0; i < QP_ARRAY_LEN(rates); i++) {
        int64_t now = qp_lattice_index(rates[i], T0);

        for (int64_t n = -3; n <= 3; n++)
            check_lattice(rates[i], n);
        for (int k = 0; k < 5000; k++) {
            x ^= x << 13, x ^= x >> 7, x ^= x << 17;
            check_lattice(rates[i], (int64_t)(x % (uint64_t)now) - now / 4);
        }
    }
}

static char list[] = "leap-XXXXXX";

static void write_list(const char *content)
{
    const char *tmp = getenv("TMPDIR");
    int fd;

    T_CHECK(chdir(tmp ? tmp : P_tmpdir) == 0);
    fd = mkstemp(list);
    T_CHECK(fd >= 0);
    T_CHECK(write(fd, content, strlen(content)) == (ssize_t)strlen(content));
    close(fd);
}

TEST(leap_list)
{
    struct qp_diag diag;
    int offset = -1;

    write_list("#@ 3928521600\n# comment\n2272060800 10 # 1 Jan 1972\n\n"
               "3692217600\t37\t# 1 Jan 2017\r\n");
    T_EQ(qp_clock_leap_offset(list, 63072000, &offset, &diag), 0);
    T_EQ(offset, 10);
    T_EQ(qp_clock_leap_offset(list, 1483228799, &offset, &diag), 0);
    T_EQ(offset, 10);
    T_EQ(qp_clock_leap_offset(list, 1483228800, &offset, &diag), 0);
    T_EQ(offset, 37);
    T_EQ(qp_clock_leap_offset(list, 63071999, &offset, &diag), -EINVAL);
    T_EQ(offset, 37);
    unlink(list);
}

static void refused(const char *content)
{
    struct qp_diag diag = {""};
    int offset = -1;

    (void)snprintf(list, sizeof(list), "leap-XXXXXX");
    write_list(content);
    T_EQ(qp_clock_leap_offset(list, 1700000000, &offset, &diag), -EINVAL);
    T_EQ(offset, -1);
    T_CHECK(diag.text[0]);
    unlink(list);
}

TEST(leap_list_refused)
{
    struct qp_diag diag;
    int offset = -1;
    char *many = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&many, &len);

    refused("");
    refused("# only comments\n");
    refused("2272060800\n");
    refused("2272060800 10 11\n");
    refused("2272060800 ten\n");
    refused("x 10\n");
    refused("2272060800 10\n2272060800 11\n");
    refused("2272060800 10\n2272060799 11\n");
    refused("2272060800 -10\n");
    T_CHECK(f);
    for (int i = 0; i < 300; i++)
        fprintf(f, "%d 10\n", i);
    fclose(f);
    refused(many);
    free(many);
    T_EQ(qp_clock_leap_offset("no-such-list", 1700000000, &offset, &diag), -ENOENT);
    T_CHECK(strstr(diag.text, "no-such-list"));
}

static void check_sample(void)
{
    struct qp_clock_map map;
    struct timespec utc, tai;
    int64_t tai_ns, utc_ns;

    qp_clock_sample(&map);
    (void)clock_gettime(CLOCK_REALTIME, &utc);
    (void)clock_gettime(CLOCK_TAI, &tai);
    tai_ns = qp_clock_mono_ns() + map.tai_minus_mono_ns;
    utc_ns = utc.tv_sec * QP_NS_PER_S + utc.tv_nsec;
    T_EQ(map.from_kernel, tai.tv_sec - utc.tv_sec > 5);
    T_CHECK(map.tai_minus_utc_s >= 37 && map.tai_minus_utc_s < 60);
    /* Not a timing test: only that the map leads to TAI and not to another clock. */
    T_CHECK(tai_ns - utc_ns > (map.tai_minus_utc_s - 20) * QP_NS_PER_S);
    T_CHECK(tai_ns - utc_ns < (map.tai_minus_utc_s + 20) * QP_NS_PER_S);
}

TEST(sample_leads_to_tai)
{
    struct qp_diag diag = {""};
    int r = qp_clock_init(&diag);

    T_CHECK(r == 0 || (r < 0 && diag.text[0]));
    check_sample();
}

TEST(sample_without_a_list)
{
    check_sample();
}

TEST(monotonic_goes_forward)
{
    int64_t last = qp_clock_mono_ns();

    for (int i = 0; i < 10000; i++) {
        int64_t now = qp_clock_mono_ns();

        T_CHECK(now >= last);
        last = now;
    }
}
