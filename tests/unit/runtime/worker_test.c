/* SPDX-License-Identifier: Apache-2.0 */
#include "protocols/runtime/worker.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/support/t.h"

struct seen {
    char name[32];
    int policy;
    int term_blocked;
};

static void look(void *user)
{
    struct seen *s = user;
    struct sched_param sp;
    sigset_t set;

    (void)pthread_getname_np(pthread_self(), s->name, sizeof(s->name));
    (void)pthread_getschedparam(pthread_self(), &s->policy, &sp);
    (void)pthread_sigmask(SIG_SETMASK, NULL, &set);
    s->term_blocked = sigismember(&set, SIGTERM);
}

TEST(name_policy_and_signals)
{
    struct seen s = {0};
    struct worker w;
    struct qp_diag d = {"stale"};
    sigset_t before, after;

    (void)pthread_sigmask(SIG_SETMASK, NULL, &before);
    T_EQ(worker_start(&w, &(struct worker_params){"a-very-long-thread-name", 0, look, &s}, &d), 0);
    worker_join(&w);
    worker_join(&w); /* twice is fine */
    T_CHECK(d.text[0] == '\0');
    T_CHECK(strcmp(s.name, "a-very-long-thr") == 0);
    T_EQ(s.policy, SCHED_OTHER);
    T_EQ(s.term_blocked, 1);
    (void)pthread_sigmask(SIG_SETMASK, NULL, &after);
    T_EQ(sigismember(&before, SIGTERM), sigismember(&after, SIGTERM));
}

TEST(priority_is_got_or_explained)
{
    struct seen s = {0};
    struct worker w;
    struct qp_diag d;

    T_EQ(worker_start(&w, &(struct worker_params){"rt", 10, look, &s}, &d), 0);
    worker_join(&w);
    T_EQ(s.policy, w.realtime ? SCHED_FIFO : SCHED_OTHER);
    T_CHECK(w.realtime == (d.text[0] == '\0'));
}

TEST(refused_priority_still_runs)
{
    struct seen s = {.policy = -1};
    struct rlimit none = {0, 0};
    struct worker w;
    struct qp_diag d;

    T_EQ(setrlimit(RLIMIT_RTPRIO, &none), 0);
    if (getuid() == 0)
        T_EQ(setuid(65534), 0); /* without CAP_SYS_NICE */
    T_EQ(worker_start(&w, &(struct worker_params){"rt", 10, look, &s}, &d), 0);
    worker_join(&w);
    T_EQ(s.policy, SCHED_OTHER);
    T_CHECK(!w.realtime);
    T_CHECK(strstr(d.text, "LimitRTPRIO=10"));
}

TEST(bad_priority)
{
    struct worker w = {0};
    struct qp_diag d;

    T_EQ(worker_start(&w, &(struct worker_params){"x", 100, look, NULL}, &d), -EINVAL);
    T_CHECK(strstr(d.text, "0..99"));
    worker_join(&w);
}

TEST(memory_lock_refused_with_remedy)
{
    struct rlimit small = {4096, 4096};
    struct qp_diag d;

    T_EQ(setrlimit(RLIMIT_MEMLOCK, &small), 0);
    if (getuid() == 0)
        T_EQ(setuid(65534), 0);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return; /* the sanitizer's mlockall does nothing and says 0 */
#endif
    T_CHECK(worker_lock_memory(&d) < 0);
    T_CHECK(strstr(d.text, "LimitMEMLOCK=infinity"));
}
