"""Ways to a station: what to give the station's decorator. Each moves the guest on."""


def to(*symbols, when=None):
    """The next time that one of these functions ("memsrv.fault_page"; without a dot the core's) is about to run."""
    def reach(at):
        at.guest.run_to([at.symbol(symbol) for symbol in symbols], _condition(when, at))
    return reach


def to_line(program, path, text, when=None):
    """The next time that the first instruction of the line with this text runs."""
    def reach(at):
        at.guest.run_to([min(at.programs.line_with(program, path, text))], _condition(when, at))
    return reach


def to_address(address, when=None):
    """The next time at an address that a function of the view tells."""
    def reach(at):
        at.guest.run_to([address(at)], _condition(when, at))
    return reach


def step(count=1):
    """So many instructions."""
    def reach(at):
        at.guest.step(count)
    return reach


def written(place, size=8):
    """Behind the instruction that next changes the memory at a physical address, which a function of the
    view tells."""
    def reach(at):
        at.guest.run_to_write(place(at), size)
    return reach


def returned():
    """Behind the call of the function at whose first instruction the guest stands."""
    def reach(at):
        stack = at.register("rsp")
        back = at.guest.read(stack)
        at.guest.run_to([back], lambda: at.register("rsp") == stack + 8)
    return reach


def ended():
    """The end of the machine."""
    def reach(at):
        at.guest.run_to_end()
    return reach


def then(*ways):
    """One way after the other."""
    def reach(at):
        for way in ways:
            way(at)
    return reach


def _condition(when, at):
    return (lambda: when(at)) if when else (lambda: True)
