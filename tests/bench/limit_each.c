/* The limit of one call per delivery: a broadcast server in C that knows nothing but lines.

       cc -O2 -o limit_each limit_each.c && ./limit_each PORT

   The first line of a connection is its name, answered by "ok"; those whose name begins with 's' only send.  Every
   further line is sent to all the others, one send() for each.  A socket that is full is waited for. */
#define _GNU_SOURCE /* for accept4 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 20000, LINE_MAX_BYTES = 65536, EVENTS_MAX = 512 };

struct guest { char *rest; int rest_bytes; int is_named; };

static struct guest guests[CONNECTIONS_MAX];
static int listeners[CONNECTIONS_MAX];
static int listeners_count;

static void leave(int fd)
{
    for (int i = 0; i < listeners_count; i++)
        if (listeners[i] == fd) listeners[i] = listeners[--listeners_count];
    free(guests[fd].rest);
    memset(&guests[fd], 0, sizeof guests[fd]);
    close(fd);
}

static void send_all(int fd, const char *data, int bytes)
{
    while (bytes > 0) {
        ssize_t sent = send(fd, data, (size_t)bytes, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN) {
            struct pollfd full = {.fd = fd, .events = POLLOUT};
            poll(&full, 1, 1000);
            continue;
        }
        if (sent < 0) return; /* its end is read later */
        data += sent;
        bytes -= (int)sent;
    }
}

static void take_line(int fd, const char *line, int bytes)
{
    if (guests[fd].is_named) {
        for (int i = 0; i < listeners_count; i++) send_all(listeners[i], line, bytes);
        return;
    }
    guests[fd].is_named = 1;
    if (line[0] != 's') listeners[listeners_count++] = fd;
    send_all(fd, "ok\n", 3);
}

static void take(int fd, char *data, int bytes)
{
    char *newline;
    while ((newline = memchr(data, '\n', (size_t)bytes))) {
        int line_bytes = (int)(newline + 1 - data);
        take_line(fd, data, line_bytes);
        data += line_bytes;
        bytes -= line_bytes;
    }
    free(guests[fd].rest);
    guests[fd].rest = NULL;
    guests[fd].rest_bytes = bytes;
    if (bytes) {
        guests[fd].rest = malloc((size_t)bytes);
        memcpy(guests[fd].rest, data, (size_t)bytes);
    }
}

static void read_from(int fd)
{
    static char data[2 * LINE_MAX_BYTES];
    int rest_bytes = guests[fd].rest_bytes;
    if (rest_bytes > LINE_MAX_BYTES) { leave(fd); return; }
    if (rest_bytes) memcpy(data, guests[fd].rest, (size_t)rest_bytes);
    ssize_t bytes = recv(fd, data + rest_bytes, LINE_MAX_BYTES, 0);
    if (bytes > 0) take(fd, data, rest_bytes + (int)bytes);
    else if (bytes == 0 || errno != EAGAIN) leave(fd);
}

static void watch(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void accept_from(int epoll, int listening)
{
    int fd, on = 1;
    while ((fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (fd >= CONNECTIONS_MAX) { close(fd); continue; }
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(epoll, fd);
    }
}

int main(int argc, char **argv)
{
    int on = 1, epoll = epoll_create1(0), listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (argc != 2) return 2;
    address.sin_port = htons((unsigned short)atoi(argv[1]));
    setsockopt(listening, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listening, (struct sockaddr *)&address, sizeof address) || listen(listening, 1024)) return 1;
    watch(epoll, listening);
    for (;;) {
        struct epoll_event events[EVENTS_MAX];
        int count = epoll_wait(epoll, events, EVENTS_MAX, -1);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == listening) accept_from(epoll, listening);
            else read_from(events[i].data.fd);
        }
    }
}
