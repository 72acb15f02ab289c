/*
 * libmodsecurity on the requests of a file, as often as it is told to: the peer of the firewall's engine.
 *
 * peer RULES REQUESTS. A line "INDEX COUNT" on standard input asks for a request so many times over; the answer is
 * "NANOSECONDS STOPPED": CPU time of this process, and how many were stopped. The first line out is "ready VERSION".
 */
#include <modsecurity/modsecurity.h>
#include <modsecurity/rules_set.h>
#include <modsecurity/transaction.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MOST_REQUESTS 64
#define MOST_FIELDS 64

struct text {
    char *bytes;
    size_t length;
};

struct request {
    struct text method, target, names[MOST_FIELDS], values[MOST_FIELDS], body;
    int fields;
};

static void silent(void *data, const void *message) {
    (void)data;
    (void)message;
}

static void fail(const char *what) {
    fprintf(stderr, "%s\n", what);
    exit(1);
}

/* A length on a line of its own, the bytes, a line end. */
static struct text read_text(FILE *file) {
    struct text text;
    if (fscanf(file, "%zu", &text.length) != 1 || fgetc(file) != '\n') fail("a length is missing");
    text.bytes = calloc(text.length + 1, 1);
    if (text.bytes == NULL || fread(text.bytes, 1, text.length, file) != text.length) fail("a text is cut off");
    fgetc(file);
    return text;
}

static int read_requests(const char *path, struct request *requests) {
    FILE *file = fopen(path, "rb");
    int count;
    if (file == NULL || fscanf(file, "%d", &count) != 1 || count > MOST_REQUESTS) fail("no file of requests");
    for (int i = 0; i < count; i++) {
        struct request *request = &requests[i];
        request->method = read_text(file);
        request->target = read_text(file);
        if (fscanf(file, "%d", &request->fields) != 1 || request->fields > MOST_FIELDS) fail("no number of fields");
        for (int j = 0; j < request->fields; j++) {
            request->names[j] = read_text(file);
            request->values[j] = read_text(file);
        }
        request->body = read_text(file);
    }
    fclose(file);
    return count;
}

static int stopped(Transaction *transaction) {
    ModSecurityIntervention found = {200, 0, NULL, NULL, 0};
    int stops = msc_intervention(transaction, &found) && found.disruptive;
    free(found.url);
    free(found.log);
    return stops;
}

static int inspect(ModSecurity *engine, RulesSet *rules, const struct request *request) {
    Transaction *transaction = msc_new_transaction(engine, rules, NULL);
    msc_process_connection(transaction, "192.0.2.7", 40000, "192.0.2.1", 80);
    msc_process_uri(transaction, request->target.bytes, request->method.bytes, "1.1");
    for (int i = 0; i < request->fields; i++) {
        msc_add_n_request_header(transaction, (unsigned char *)request->names[i].bytes, request->names[i].length,
            (unsigned char *)request->values[i].bytes, request->values[i].length);
    }
    msc_process_request_headers(transaction);
    int stops = stopped(transaction);
    if (!stops) {
        if (request->body.length > 0) {
            msc_append_request_body(transaction, (unsigned char *)request->body.bytes, request->body.length);
        }
        msc_process_request_body(transaction);
        stops = stopped(transaction);
    }
    msc_process_logging(transaction);
    msc_transaction_cleanup(transaction);
    return stops;
}

static long long cpu_nanoseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int count, char **arguments) {
    static struct request requests[MOST_REQUESTS];
    const char *error = NULL;
    int index, times;
    if (count != 3) fail("peer RULES REQUESTS");
    ModSecurity *engine = msc_init();
    RulesSet *rules = msc_create_rules_set();
    msc_set_log_cb(engine, silent);
    if (msc_rules_add_file(rules, arguments[1], &error) < 0) fail(error ? error : "rules that cannot be read");
    int known = read_requests(arguments[2], requests);
    printf("ready %s\n", msc_who_am_i(engine));
    fflush(stdout);
    while (scanf("%d %d", &index, &times) == 2) {
        if (index < 0 || index >= known) fail("no such request");
        int stops = 0;
        long long before = cpu_nanoseconds();
        for (int i = 0; i < times; i++) stops += inspect(engine, rules, &requests[index]);
        printf("%lld %d\n", cpu_nanoseconds() - before, stops);
        fflush(stdout);
    }
    return 0;
}
