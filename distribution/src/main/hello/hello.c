/* The guest of `lichen run hello`: tells what runs it and what to try next. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE = 512 };

/* The value of KEY="VALUE" or KEY=VALUE in /run/.containerenv; "unknown" if it is not told. */
static void fact(const char *key, char *value, size_t size)
{
	char line[LINE];
	FILE *about = fopen("/run/.containerenv", "re");

	snprintf(value, size, "unknown");
	if (!about)
		return;
	while (fgets(line, sizeof line, about)) {
		size_t length = strlen(key);

		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, key, length) || line[length] != '=')
			continue;
		char *start = line + length + 1;

		if (*start == '"') {
			start++;
			start[strcspn(start, "\"")] = '\0';
		}
		snprintf(value, size, "%s", start);
	}
	fclose(about);
}

int main(void)
{
	char engine[LINE], launcher[LINE], strategy[LINE], identity[LINE], layers[LINE];

	fact("engine", engine, sizeof engine);
	fact("launcher", launcher, sizeof launcher);
	fact("strategy", strategy, sizeof strategy);
	fact("identity", identity, sizeof identity);
	fact("layers", layers, sizeof layers);
	printf("Hello from inside a container.\n\n"
	       "  run by     %s, without root\n"
	       "  launcher   %s\n"
	       "  strategy   %s\n"
	       "  identity   %s (I am user %d, group %d, process %d)\n"
	       "  layers     %s\n\n"
	       "Try next:\n"
	       "  lichen run --rm -it alpine       a shell in a small Linux\n"
	       "  lichen run -d --name web -v ./site:/www:ro busybox httpd -f -p 8080 -h /www\n"
	       "  lichen ps                        what runs\n"
	       "  lichen doctor                    what this machine allows\n"
	       "  lichen help                      everything else\n",
	       engine, launcher, strategy, identity, (int)getuid(), (int)getgid(), (int)getpid(),
	       layers);
	return 0;
}
