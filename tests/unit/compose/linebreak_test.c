/* SPDX-License-Identifier: Apache-2.0 */
#include "controller/player/compose/linebreak.h"

#include <string.h>

#include "tests/support/t.h"

#define MAX 200

/* "|" in the pattern marks every place where a line may end; elsewhere it may not. */
static void check(const char *pattern)
{
    uint32_t text[MAX] = {0};
    uint8_t want[MAX] = {0}, got[MAX];
    size_t n = 0;

    for (const unsigned char *p = (const unsigned char *)pattern; *p; n++) {
        size_t len = *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;

        if (*p == '|') {
            want[n] = 1;
            p++;
            n--;
            continue;
        }
        text[n] = len == 1 ? *p : *p & (0xffu >> (len + 1));
        for (size_t i = 1; i < len; i++)
            text[n] = text[n] << 6 | (p[i] & 0x3fu);
        p += len;
    }
    linebreak_find(text, n, got);
    for (size_t i = 0; i < n; i++) {
        if (got[i] != want[i])
            fprintf(stderr, "%s: before character %zu: %d, not %d\n", pattern, i, got[i], want[i]);
        T_EQ(got[i], want[i]);
    }
}

TEST(latin)
{
    check("The |quick |brown |fox");
    check("don't |stop, |please! |Now?");
    check("well-|known");
    check("(see |below) |or |[1]");
    check("3.14 |$5 |10% |-5 |1,000.00");
    check("a\xc2\xa0"
          "b |c"); /* no-break space */
    check("“quoted” |text");
    check("and/|or");
    check("wait... |what");
    check("zero\xe2\x80\x8b|width");
    check("cafe\xcc\x81 |noir"); /* combining acute */
}

TEST(chinese_and_kinsoku)
{
    check("春|眠|不|觉|晓，|处|处|闻|啼|鸟。");
    check("他|说：|“你|好！”|然|后|走|了。");
    check("《红|楼|梦》|（上）");
    check("「千|屏」|很|好");
    check("共|有|12|块|屏");
    check("中|文|Latin|中|文");
    check("百|分|之|50%|的");
    check("等|等……|好");
}

TEST(japanese_small_kana_and_marks_do_not_begin_a_line)
{
    check("きょ|う|は|とっ|て|も");
    check("ス|トー|リー");
    check("人々|と");
    check("そ|う|で|す。|ね");
}

TEST(arabic_breaks_at_spaces)
{
    check("مرحبا |بالعالم، |أهلا");
}

TEST(flags_and_joined_emoji_stay_together)
{
    check("🇨🇳|🇸🇦");
    check("👨\xe2\x80\x8d👩 |ok");
}

TEST(spaces_and_marks)
{
    T_CHECK(linebreak_is_space(' ') && linebreak_is_space(0x3000) && !linebreak_is_space(0xa0));
    T_CHECK(linebreak_is_mark(0x301) && linebreak_is_mark(0x200d) && !linebreak_is_mark('a'));
}

/* Anything may be asked: no crash, nothing before the first character. */
TEST(random_text)
{
    uint32_t text[MAX];
    uint8_t got[MAX];

    srand(5);
    for (int i = 0; i < 20000; i++) {
        size_t n = (size_t)rand() % MAX;

        for (size_t k = 0; k < n; k++)
            text[k] = (uint32_t)rand() % (rand() & 1 ? 0x3100 : 0x110000);
        linebreak_find(text, n, got);
        T_CHECK(n == 0 || got[0] == 0);
    }
}
