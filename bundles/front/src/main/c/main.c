#include <string.h>

#include "client.h"

int main(int count, char **arguments) {
    struct options options;
    struct distribution distribution;
    struct runtime runtime;
    struct bytes plan = {0};
    (void)count;
    calls_exposed(arguments);
    options_read(&options, arguments + (arguments[0] ? 1 : 0));
    const char *command = options.command ? options.command[0] : "";
    if (!strcmp(command, "exec")) exec_command(&options);
    if (!strcmp(command, "attach")) attach_command(&options);
    distribution_find(&distribution);
    if (!strcmp(command, "run-plan")) return run_plan_command(&distribution, &options);
    runtime_prepare(&runtime, &distribution, &options);
    if (cache_find(&runtime, &plan)) return plans_execute(&distribution, &plan, 1, true);
    return request(&runtime);
}
