/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/t.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_S 60

static struct t_case *cases, **tail = &cases;

void t_register(struct t_case *c)
{
    *tail = c;
    tail = &c->next;
}

static int run_case(const struct t_case *c)
{
    int status;
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid < 0)
        return 1;
    if (pid == 0) {
        alarm(DEADLINE_S);
        c->run();
        exit(0);
    }
    if (waitpid(pid, &status, 0) < 0)
        return 1;
    if (WIFSIGNALED(status))
        fprintf(stderr, "%s: killed by signal %d\n", c->name, WTERMSIG(status));
    return status != 0;
}

int main(int argc, char **argv)
{
    int failed = 0, n = 0;

    for (const struct t_case *c = cases; c; c = c->next) {
        int bad;

        if (argc > 1 && !strstr(c->name, argv[1]))
            continue;
        bad = run_case(c);
        printf("%sok %d - %s\n", bad ? "not " : "", ++n, c->name);
        failed += bad;
    }
    printf("1..%d\n", n);
    return failed != 0;
}
