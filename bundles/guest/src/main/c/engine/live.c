/* What changes while the container runs (struct live). */
#include "engine.h"

static bool is_hidden(const struct union_place *place) {
    const struct live_rules *rules = live_rules();
    if (!rules || !*engine.executable) return false; /* whoever starts or enters the container is none of its programs */
    const struct live_rule *best = NULL;
    const size_t size = text_size(engine.executable);
    for (uint64_t i = 0; i < rules->count; i++) {
        const struct live_rule *rule = &rules->list[i];
        if (!is_within(place->guest, place->size, rule->path, rule->path_size) || !is_within(engine.executable, size, rule->program, rule->program_size)) continue;
        const bool better = !best || rule->path_size > best->path_size ||
                            (rule->path_size == best->path_size && (rule->program_size > best->program_size || (rule->program_size == best->program_size && !rule->allowed)));
        if (better) best = rule;
    }
    return best && !best->allowed;
}

void live_open(void) { engine.tree.hidden = is_hidden; }

/* ---- the environment */

static const struct live_variables *known(void) { return __atomic_load_n(&engine.config->live.variables, __ATOMIC_ACQUIRE); }

size_t live_variables(void) {
    const struct live_variables *variables = known();
    return variables ? variables->count : 0;
}

static bool is_named(const char *assignment, const struct live_variable *variable) {
    return begins(assignment, text_size(assignment), variable->name) && assignment[variable->name_size] == '=';
}

static bool is_former(const char *assignment, const struct live_variable *variable) {
    for (uint32_t i = 0; i < variable->former_count; i++)
        if (is_text(assignment, text_size(assignment), variable->formers[i])) return true;
    return false;
}

/* How many there are then. `text` is room for one. */
static size_t mend(const struct live_variable *variable, uint64_t *to, size_t count, bool room, char *text, size_t text_room) {
    bool found = false;
    for (size_t i = 0; i < count; i++) {
        const long size = guest_text(text, to[i], text_room); /* a longer one is none of ours: its beginning is there, and is compared */
        if (size == -EFAULT || !is_named(text, variable)) continue;
        found = true;
        if (size < 0 || !is_former(text, variable)) continue;
        if (variable->assignment) {
            to[i] = (uint64_t)variable->assignment;
            continue;
        }
        count--;
        for (size_t next = i; next < count; next++) to[next] = to[next + 1];
        i--;
    }
    if (!found && variable->absent && variable->assignment && room) to[count++] = (uint64_t)variable->assignment;
    return count;
}

size_t live_environment(struct call *call, uint64_t *to, size_t count, size_t room) {
    const struct live_variables *variables = known();
    struct scratch *scratch = scratch_of(call);
    for (uint64_t i = 0; variables && i < variables->count; i++) {
        scratch->text[sizeof scratch->text - 1] = 0;
        count = mend(&variables->list[i], to, count, count < room, scratch->text, sizeof scratch->text - 1);
    }
    return count;
}
