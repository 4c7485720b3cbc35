/* five: a program of five pages, each of which it uses: two of code, one of constants,
 * one of variables, and one of stack. `bench spawn` measures what it costs to run it. */

static const int constant = 1;
static volatile int variable = 2;

/* Read from where it stands, which the compiler wouldn't do. */
static int read(const volatile int *at) { return *at; }

int main(void) {
    volatile int stack = read(&constant);
    variable += stack;
    return variable - 3;
}
