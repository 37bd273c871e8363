using Microsoft.Extensions.Time.Testing;
using Skitaid.Supervision;

namespace Skitaid.Tests.Supervision;

public sealed class DaemonLogTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    [Fact]
    public void A_line_has_time_level_and_text_and_is_always_one_line()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2016, 3, 3, 3, 37, 41, TimeSpan.Zero));
        using var console = new StringWriter();
        using (var log = new DaemonLog(_path, console, colours: false, time))
        {
            log.Warning("forged\n2016.03.03 03:37:41 [info] \e[31mline\r\0");
        }

        var text = File.ReadAllText(_path);
        Assert.Equal("2016.03.03 03:37:41 [warning] forged\\n2016.03.03 03:37:41 [info] \\x1b[31mline\\r\\x00\n", text);
        Assert.Equal(text, console.ToString());
    }

    [Fact]
    public void Colours_are_for_the_console_only()
    {
        using var console = new StringWriter();
        using (var log = new DaemonLog(_path, console, colours: true, TimeProvider.System))
        {
            log.ConfBroken("x");
        }

        Assert.StartsWith("\e[31m", console.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain('\e', File.ReadAllText(_path));
    }

    public void Dispose() => File.Delete(_path);
}
