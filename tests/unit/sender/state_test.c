/* SPDX-License-Identifier: Apache-2.0 */
#include "sender-card/sacn_state.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocols/wire/sacn.h"
#include "tests/support/t.h"

static char dir[64];
static struct sacn_state a, b;
static struct qp_rational rate = {60, 1};

static void make_dir(void)
{
    (void)snprintf(dir, sizeof(dir), "/tmp/qp-state-XXXXXX");
    T_CHECK(mkdtemp(dir) != NULL);
}

static void remove_dir(void)
{
    (void)unlink(a.file);
    T_EQ(rmdir(dir), 0); /* nothing else was left behind */
}

static void write_state(const char *text)
{
    FILE *file = fopen(a.file, "w");

    fputs(text, file);
    fclose(file);
}

TEST(goes_on_after_a_clean_stop)
{
    make_dir();
    T_EQ(sacn_state_load(&a, dir, rate, NULL), 0);
    T_EQ(sacn_state_store(&a, 1000, true), 0);
    T_EQ(sacn_state_load(&b, dir, rate, NULL), 0);
    T_EQ(memcmp(a.cid, b.cid, 16), 0);
    T_EQ(sacn_state_sequence(&b, 0), sacn_state_sequence(&a, 1000));
    remove_dir();
}

/* Whatever number of frames went out between the last store and the crash, the first packet after
 * it is taken by a receiver. */
TEST(is_ahead_after_a_crash)
{
    static const int rates[] = {24, 44, 60, 120, 200};

    make_dir();
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        struct qp_rational r = {rates[i], 1};

        T_EQ(sacn_state_load(&a, dir, r, NULL), 0);
        T_EQ(sacn_state_store(&a, 77, false), 0);
        T_EQ(sacn_state_load(&b, dir, r, NULL), 0);
        for (unsigned more = 0; more <= (unsigned)rates[i] * 2 * SACN_STATE_STORE_MS / 1000; more++)
            T_CHECK(
                sacn_sequence_ok(sacn_state_sequence(&a, 77 + more), sacn_state_sequence(&b, 0)));
    }
    remove_dir();
}

TEST(cid_is_a_random_uuid)
{
    T_EQ(sacn_state_load(&a, NULL, rate, NULL), 0);
    T_EQ(sacn_state_load(&b, NULL, rate, NULL), 0);
    T_CHECK(memcmp(a.cid, b.cid, 16) != 0);
    T_EQ(a.cid[6] >> 4, 4);
    T_EQ(a.cid[8] >> 6, 2);
    T_EQ(sacn_state_store(&a, 5, true), 0); /* nowhere: no error */
}

TEST(a_damaged_file_is_a_new_source)
{
    static const char *const bad[] = {
        "",
        "{",
        "[]",
        "{\"cid\": \"00\", \"clean\": true, \"sequence\": 1}",
        "{\"cid\": \"00112233445566778899aabbccddeegg\", \"clean\": true, \"sequence\": 1}",
        "{\"cid\": \"00112233445566778899aabbccddeeff\", \"clean\": 1, \"sequence\": 1}",
        "{\"cid\": \"00112233445566778899aabbccddeeff\", \"clean\": true, \"sequence\": 256}",
    };
    static const uint8_t read[] = {0x00, 0x11, 0x22, 0x33};

    make_dir();
    T_EQ(sacn_state_load(&a, dir, rate, NULL), 0);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        write_state(bad[i]);
        T_EQ(sacn_state_load(&b, dir, rate, NULL), 0);
        T_CHECK(memcmp(b.cid, read, sizeof(read)) != 0);
        T_EQ(b.cid[6] >> 4, 4);
    }
    write_state(
        "{\"cid\": \"00112233445566778899aabbccddeeff\", \"clean\": true, \"sequence\": 9}");
    T_EQ(sacn_state_load(&b, dir, rate, NULL), 0);
    T_EQ(memcmp(b.cid, read, sizeof(read)), 0);
    T_EQ(b.base, 9);
    remove_dir();
}

TEST(a_full_disk_leaves_the_old_file)
{
    make_dir();
    T_EQ(sacn_state_load(&a, dir, rate, NULL), 0);
    T_EQ(sacn_state_store(&a, 3, true), 0);
    T_EQ(symlink("/dev/full", a.temp), 0);
    T_EQ(sacn_state_store(&a, 9, true), -ENOSPC);
    T_EQ(sacn_state_load(&b, dir, rate, NULL), 0);
    T_EQ(b.base, 3);
    remove_dir();
}

TEST(a_missing_folder_is_an_error_when_storing)
{
    T_EQ(sacn_state_load(&a, "/nonexistent/qp", rate, NULL), 0);
    T_EQ(sacn_state_store(&a, 1, true), -ENOENT);
}
