/* SPDX-License-Identifier: Apache-2.0 */
#include "sender-card/background.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "protocols/base/clock.h"

#define REFRESH_NS    1000000000LL /* interface statistics, and state if an event was missed */
#define RECONNECT_NS  250000000LL
#define STORE_NS      (SACN_STATE_STORE_MS * 1000000LL)
#define FIRST_DUMP_MS 1000
#define RECEIVE_MOST  64         /* packets of one link before the others have their turn */
#define DEAF_NS       20000000LL /* after so many at once: a flood costs no more than this */
/* So that a carrier that goes is noticed on a busy machine; below the renderer. */
#define RT_PRIORITY 30

enum { POLL_WAKE, POLL_NETLINK, POLL_LINKS };

static struct link *link_at(const struct background *bg, size_t i)
{
    return bg->ports[i / 2].links[i % 2];
}

static size_t collect_nics(struct background *bg)
{
    size_t n = 0;

    for (size_t i = 0; i < 2 * bg->n_ports; i++)
        if (link_at(bg, i) && link_at(bg, i)->nic)
            bg->nics[n++] = link_at(bg, i)->nic;
    return n;
}

/* A link that carries again may have new or restarted cards behind it. */
static void notice_return(struct background *bg, size_t i, int64_t now_ns)
{
    struct port *port = &bg->ports[i / 2];
    struct link *link = link_at(bg, i);
    unsigned changes = link_carrier_changes(link);

    if (changes == port->seen_changes[i % 2] || !link_has_carrier(link))
        return;
    port->seen_changes[i % 2] = changes;
    if (port->driver->driver->reset)
        port->driver->driver->reset(port->driver);
    port->next_tick_ns = now_ns;
}

static void refresh_links(struct background *bg, int64_t now_ns, bool changed)
{
    for (size_t i = 0; i < 2 * bg->n_ports; i++) {
        struct link *link = link_at(bg, i);

        if (!link || atomic_load(&link->broken))
            continue;
        link->ops->refresh(link, now_ns, changed);
        notice_return(bg, i, now_ns);
    }
}

/* To every port that the packet can concern. */
static void dispatch(struct background *bg, const struct link *link, const uint8_t *buf, size_t len,
                     const struct link_origin *origin, int64_t now_ns)
{
    for (size_t i = 0; i < bg->n_ports; i++) {
        struct port *port = &bg->ports[i];
        const struct driver *driver = port->driver->driver;

        if (!driver->receive || (origin->output >= 0 ? origin->output != (int64_t)port->output
                                                     : driver != link->driver))
            continue;
        driver->receive(port->driver, buf, len, origin->ip, now_ns);
    }
}

static void receive_from(struct background *bg, size_t index, int64_t now_ns)
{
    struct link *link = link_at(bg, index);
    uint8_t buf[2048];
    struct link_origin origin = {.output = -1};

    for (int i = 0; i < RECEIVE_MOST; i++) {
        size_t len = link->ops->receive(link, buf, sizeof(buf), &origin);

        if (len == 0)
            return;
        dispatch(bg, link, buf, len, &origin, now_ns);
    }
    bg->deaf_ns[index] = now_ns + DEAF_NS;
}

static void post(void *arg, uint32_t ip, const uint8_t *bytes, size_t len)
{
    (void)port_post(arg, ip, bytes, len);
}

/* Returns when the next one is due. */
static int64_t run_ticks(struct background *bg, int64_t now_ns)
{
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < bg->n_ports; i++) {
        struct port *port = &bg->ports[i];
        const struct driver *driver = port->driver->driver;
        struct driver_post to_port = {.post = post, .arg = port};

        if (!driver->tick)
            continue;
        if (now_ns >= port->next_tick_ns) {
            port->next_tick_ns = driver->tick(port->driver, now_ns, &to_port);
            if (port_has_mail(port))
                lane_wake(bg->lane_of[i]);
        }
        next = port->next_tick_ns < next ? port->next_tick_ns : next;
    }
    return next;
}

static bool can_receive(const struct background *bg, size_t index, int64_t now_ns)
{
    const struct link *link = link_at(bg, index);

    return link && !atomic_load(&link->broken) && now_ns >= bg->deaf_ns[index];
}

static size_t fill_polls(struct background *bg, int64_t now_ns)
{
    bg->polls[POLL_WAKE] = (struct pollfd){.fd = bg->wake_fd, .events = POLLIN};
    bg->polls[POLL_NETLINK] = (struct pollfd){.fd = bg->watch.netlink, .events = POLLIN};
    for (size_t i = 0; i < 2 * bg->n_ports; i++) {
        const struct link *link = link_at(bg, i);

        bg->polls[POLL_LINKS + i] = (struct pollfd){
            .fd = can_receive(bg, i, now_ns) ? link->ops->receive_fd(link) : -1, .events = POLLIN};
    }
    return POLL_LINKS + 2 * bg->n_ports;
}

static void handle_polls(struct background *bg, int64_t now_ns)
{
    bool changed = false;

    if (bg->polls[POLL_NETLINK].revents)
        changed = nic_watch_read(&bg->watch);
    refresh_links(bg, now_ns, changed);
    for (size_t i = 0; i < 2 * bg->n_ports; i++)
        if (bg->polls[POLL_LINKS + i].revents) /* also an error, to be taken off the socket */
            receive_from(bg, i, now_ns);
}

static int64_t run_timers(struct background *bg, int64_t now_ns)
{
    int64_t next = run_ticks(bg, now_ns);

    if (now_ns >= bg->refresh_ns) {
        nic_watch_refresh(&bg->watch);
        bg->refresh_ns = now_ns + REFRESH_NS;
    }
    if (bg->has_sacn && now_ns >= bg->store_ns) {
        atomic_store(&bg->store_error, sacn_state_store(bg->state, atomic_load(bg->frames), false));
        bg->store_ns = now_ns + STORE_NS;
    }
    next = bg->refresh_ns < next ? bg->refresh_ns : next;
    if (bg->has_sacn)
        next = bg->store_ns < next ? bg->store_ns : next;
    for (size_t i = 0; i < 2 * bg->n_ports; i++)
        if (bg->deaf_ns[i] > now_ns && bg->deaf_ns[i] < next)
            next = bg->deaf_ns[i];
    return next < now_ns + RECONNECT_NS ? next : now_ns + RECONNECT_NS;
}

static void *run(void *arg)
{
    struct background *bg = arg;

    while (!atomic_load(&bg->stop)) {
        int64_t now = qp_clock_mono_ns(), next = run_timers(bg, now);
        int wait_ms = (int)((next - now + 999999) / 1000000);

        (void)poll(bg->polls, fill_polls(bg, now), wait_ms > 0 ? wait_ms : 0);
        handle_polls(bg, qp_clock_mono_ns());
    }
    return NULL;
}

/* The state of the interfaces before the first frame. */
static void first_state(struct background *bg)
{
    struct pollfd fd = {.fd = bg->watch.netlink, .events = POLLIN};

    nic_watch_refresh(&bg->watch);
    if (poll(&fd, 1, FIRST_DUMP_MS) > 0)
        (void)nic_watch_read(&bg->watch);
    nic_watch_refresh(&bg->watch); /* now that the indexes are known: speed, duplex ... */
    refresh_links(bg, qp_clock_mono_ns(), true);
    for (size_t i = 0; i < 2 * bg->n_ports; i++)
        if (link_at(bg, i))
            bg->ports[i / 2].seen_changes[i % 2] = link_carrier_changes(link_at(bg, i));
}

int background_init(struct background *bg, struct qp_diag *diag)
{
    int err;

    bg->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    bg->nics = calloc(2 * bg->n_ports + 1, sizeof(struct nic *));
    bg->polls = calloc(2 * bg->n_ports + POLL_LINKS, sizeof(*bg->polls));
    bg->deaf_ns = calloc(2 * bg->n_ports + 1, sizeof(*bg->deaf_ns));
    if (!bg->nics || !bg->polls || !bg->deaf_ns)
        return -ENOMEM;
    if (bg->wake_fd < 0) {
        err = -errno;
        return qp_diag_set(diag, err, "eventfd: %s", strerror(-err));
    }
    for (size_t i = 0; i < bg->n_ports; i++)
        bg->has_sacn = bg->has_sacn || bg->ports[i].driver->driver == &driver_sacn;
    err = nic_watch_open(&bg->watch, bg->nics, collect_nics(bg), diag);
    if (err < 0)
        return err;
    bg->watching = true;
    first_state(bg);
    return 0;
}

void background_finish(struct background *bg)
{
    if (bg->watching)
        nic_watch_close(&bg->watch);
    if (bg->wake_fd > 0) /* 0: zeroed, never opened */
        (void)close(bg->wake_fd);
    free(bg->nics);
    free(bg->polls);
    free(bg->deaf_ns);
    free(bg->lane_of);
    *bg = (struct background){0};
}

int background_start(struct background *bg, struct qp_diag *diag)
{
    struct sched_param priority = {.sched_priority = RT_PRIORITY};
    int err;

    atomic_store(&bg->stop, false);
    err = pthread_create(&bg->thread, NULL, run, bg);
    if (err)
        return qp_diag_set(diag, -err, "cannot start the background thread: %s", strerror(err));
    bg->running = true;
    (void)pthread_setname_np(bg->thread, "sender-bg");
    (void)pthread_setschedparam(bg->thread, SCHED_FIFO, &priority); /* where it is allowed */
    return 0;
}

void background_stop(struct background *bg)
{
    uint64_t one = 1;

    if (!bg->running)
        return;
    atomic_store(&bg->stop, true);
    (void)!write(bg->wake_fd, &one, sizeof(one)); /* cannot fail; poll ends by itself anyway */
    (void)pthread_join(bg->thread, NULL);
    (void)!read(bg->wake_fd, &one, sizeof(one)); /* or the next thread would never sleep */
    bg->running = false;
}
