"""Line plots as SVG."""

from html import escape
from math import log2

WIDTH, HEIGHT = 720, 420
LEFT, RIGHT, TOP, BOTTOM = 80, 30, 50, 60
COLOURS = ("#1f5fa8", "#b5491c", "#3b7d3b")


def step(most, lines=6):
    """A round distance between grid lines, so that about so many reach `most`."""
    size = 1
    while size * lines < most:
        for factor in (2, 5, 10):
            if size * factor * lines >= most:
                return size * factor
        size *= 10
    return size


class Plot:
    """Points (x, y) joined by lines. The y axis begins at 0; the x axis too, or it is logarithmic."""

    def __init__(self, title, x_label, y_label, x_log=False):
        self.title, self.x_label, self.y_label, self.x_log = title, x_label, y_label, x_log
        self.series = []

    def add(self, label, points):
        self.series.append((label, sorted(points)))

    def _ranges(self):
        points = [point for _, points in self.series for point in points]
        self.x_step = step(max(x for x, _ in points), 8)
        self.y_step = step(max(y for _, y in points))
        self.x_first = log2(min(x for x, _ in points)) if self.x_log else 0
        self.x_last = log2(max(x for x, _ in points)) if self.x_log else max(x for x, _ in points)
        self.y_last = -(-max(y for _, y in points) // self.y_step) * self.y_step
        self.ticks = sorted({x for x, _ in points}) if self.x_log else range(0, int(self.x_last) + 1, self.x_step)

    def _x(self, value):
        value = log2(value) if self.x_log else value
        return round(LEFT + (value - self.x_first) / (self.x_last - self.x_first) * (WIDTH - LEFT - RIGHT), 1)

    def _y(self, value):
        return round(HEIGHT - BOTTOM - value / self.y_last * (HEIGHT - TOP - BOTTOM), 1)

    def _grid(self):
        bottom, right = HEIGHT - BOTTOM, WIDTH - RIGHT
        for value in range(0, int(self.y_last) + 1, self.y_step):
            y = self._y(value)
            yield f'<path d="M{LEFT} {y}H{right}" stroke="#ddd"/>'
            yield f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{value:,}</text>'
        for value in self.ticks:
            x = self._x(value)
            yield f'<path d="M{x} {bottom}v5" stroke="black"/>'
            yield f'<text x="{x}" y="{bottom + 20}" text-anchor="middle">{value:,}</text>'
        yield f'<path d="M{LEFT} {TOP}V{bottom}H{right}" fill="none" stroke="black"/>'

    def _titles(self):
        middle = (TOP + HEIGHT - BOTTOM) // 2
        yield f'<text x="{WIDTH // 2}" y="24" text-anchor="middle" font-size="16">{escape(self.title)}</text>'
        yield f'<text x="{WIDTH // 2}" y="{HEIGHT - 14}" text-anchor="middle">{escape(self.x_label)}</text>'
        yield (f'<text x="18" y="{middle}" text-anchor="middle" transform="rotate(-90 18 {middle})">'
               f"{escape(self.y_label)}</text>")

    def _lines(self):
        for number, (label, points) in enumerate(self.series):
            colour = COLOURS[number % len(COLOURS)]
            path = " ".join(f"{self._x(x)},{self._y(y)}" for x, y in points)
            yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
            for x, y in points:
                yield f'<circle cx="{self._x(x)}" cy="{self._y(y)}" r="3" fill="{colour}"/>'
            y = TOP + 16 + 18 * number
            yield f'<path d="M{LEFT + 16} {y - 4}h24" stroke="{colour}" stroke-width="2"/>'
            yield f'<text x="{LEFT + 46}" y="{y}">{escape(label)}</text>'

    def svg(self):
        """The whole plot."""
        self._ranges()
        return "\n".join([
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
            f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
            *self._grid(), *self._titles(), *self._lines(), "</svg>", ""])
