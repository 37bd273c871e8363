using Microsoft.Extensions.Time.Testing;
using Skitai.Engine.Logging;
using Skitaid.Supervision;

namespace Skitaid.Tests.Supervision;

public sealed class DaemonLogTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("skitaid-log-").FullName;
    private readonly string _path;

    public DaemonLogTests() => _path = Path.Combine(_directory, "skitaid.log");

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

    [Fact]
    public void A_new_day_a_large_file_and_a_command_begin_a_new_file()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        time.SetLocalTimeZone(TimeZoneInfo.Utc);
        using var log = new DaemonLog(_path, null, colours: false, time, new LogRotation(MaxSize: 100, Kept: 2, time));
        log.Warning("first day");
        time.Advance(TimeSpan.FromDays(1));
        log.Warning("second day, and so long a line that this file is larger than it may be: over a hundred bytes");
        Assert.EndsWith("first day\n", File.ReadAllText(_path + ".1"), StringComparison.Ordinal);

        log.Warning("third file");
        Assert.Contains("second day", File.ReadAllText(_path + ".1"), StringComparison.Ordinal);
        log.Rotate();
        log.Rotate(); // there is nothing in it that could be kept
        log.Warning("fourth file");

        Assert.EndsWith("fourth file\n", File.ReadAllText(_path), StringComparison.Ordinal);
        Assert.EndsWith("third file\n", File.ReadAllText(_path + ".1"), StringComparison.Ordinal);
        Assert.Contains("second day", File.ReadAllText(_path + ".2"), StringComparison.Ordinal);
        Assert.False(File.Exists(_path + ".3"));
    }

    [Fact]
    public void A_file_that_was_moved_away_is_followed_by_a_new_one()
    {
        using var log = new DaemonLog(_path, null, colours: false, TimeProvider.System);
        log.Warning("one");
        File.Move(_path, _path + ".away");

        log.Warning("two");

        Assert.EndsWith("one\n", File.ReadAllText(_path + ".away"), StringComparison.Ordinal);
        Assert.EndsWith("two\n", File.ReadAllText(_path), StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_that_was_removed_is_made_again_and_lines_lost_meanwhile_are_told()
    {
        var directory = Path.Combine(_directory, "logs");
        var path = Path.Combine(directory, "skitaid.log");
        using var log = new DaemonLog(path, null, colours: false, TimeProvider.System);
        log.Warning("gone with the directory");
        Directory.Delete(directory, recursive: true);
        File.WriteAllText(directory, "in the way");
        Assert.NotNull(log.Rotate());
        log.Warning("lost");
        log.Warning("lost too");
        Assert.Equal(2, log.Lost);

        File.Delete(directory);
        log.Warning("one");
        log.Warning("two");

        var lines = File.ReadAllLines(path);
        Assert.Equal(3, lines.Length);
        Assert.EndsWith("[error] log: 2 lines were lost here: the disk did not take them", lines[0], StringComparison.Ordinal);
        Assert.EndsWith("two", lines[2], StringComparison.Ordinal);
        Assert.Equal(2, log.Lost);
        Assert.Null(log.Rotate());
    }

    [Fact]
    public void A_file_that_ends_within_a_line_is_gone_on_with_in_a_new_line()
    {
        File.WriteAllText(_path, "torn");
        using var log = new DaemonLog(_path, null, colours: false, TimeProvider.System);
        log.Warning("next");

        Assert.Equal("torn", File.ReadLines(_path).First());
        Assert.EndsWith("next\n", File.ReadAllText(_path), StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
