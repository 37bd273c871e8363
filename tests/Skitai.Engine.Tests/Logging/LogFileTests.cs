using System.Text;
using Microsoft.Extensions.Time.Testing;
using Skitai.Engine.Logging;
using Skitai.Engine.Tests.Hosting;

namespace Skitai.Engine.Tests.Logging;

public sealed class LogFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("skitaid-log-").FullName;
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2016, 3, 3, 3, 37, 41, TimeSpan.Zero));
    private readonly LogWriter _writer = new();

    private string LogPath => Path.Combine(_directory, "x.log");

    public void Dispose()
    {
        _writer.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Lines_are_appended_in_order_behind_what_is_there()
    {
        await File.WriteAllTextAsync(LogPath, "old\n", TestContext.Current.CancellationToken);
        var file = Open();
        for (var number = 0; number < 1000; number++)
        {
            file.Append(Encoding.ASCII.GetBytes($"{number}\n"));
        }

        await _writer.FlushAsync();
        var lines = await LinesAsync(LogPath);
        Assert.Equal(["old", .. Enumerable.Range(0, 1000).Select(number => $"{number}")], lines);
    }

    [Fact]
    public async Task Two_processes_do_not_overwrite_each_other()
    {
        using var otherWriter = new LogWriter();
        var clock = new LogClock(TimeProvider.System);
        var other = otherWriter.Add(LogPath, clock, LogRotation.Default(TimeProvider.System));
        var file = _writer.Add(LogPath, clock, LogRotation.Default(TimeProvider.System));
        for (var round = 0; round < 5; round++)
        {
            file.Append("ours\n"u8);
            await _writer.FlushAsync();
            other.Append("theirs\n"u8);
            await otherWriter.FlushAsync();
        }

        Assert.Equal(10, (await LinesAsync(LogPath)).Length);
    }

    [Fact]
    public async Task Nothing_is_lost_when_it_ends()
    {
        var file = Open();
        for (var number = 0; number < 10_000; number++)
        {
            file.Append("line\n"u8);
        }

        _writer.Dispose();
        Assert.Equal(10_000, (await LinesAsync(LogPath)).Length);
    }

    [Fact]
    public async Task It_rotates_on_request_and_keeps_so_many()
    {
        var file = Open(new LogRotation(1000, 3, _time));
        for (var round = 1; round <= 6; round++)
        {
            file.Append(Encoding.ASCII.GetBytes($"{round}\n"));
            await _writer.FlushAsync();
            await _writer.RotateAsync();
        }

        file.Append("7\n"u8);
        await _writer.FlushAsync();
        Assert.Equal("7\n", await TextAsync(LogPath));
        Assert.Equal("6\n", await TextAsync(LogPath + ".1"));
        Assert.Equal("4\n", await TextAsync(LogPath + ".3"));
        Assert.False(File.Exists(LogPath + ".4"));
    }

    [Fact]
    public async Task It_rotates_by_size()
    {
        var file = Open(new LogRotation(10, 3, _time));
        file.Append("0123456789\n"u8);
        await _writer.FlushAsync();
        file.Append("next\n"u8);
        await _writer.FlushAsync();
        Assert.Equal("next\n", await TextAsync(LogPath));
        Assert.Equal("0123456789\n", await TextAsync(LogPath + ".1"));
    }

    [Fact]
    public async Task It_rotates_when_the_day_changes()
    {
        var file = Open();
        file.Append("yesterday\n"u8);
        await _writer.FlushAsync();
        _time.Advance(TimeSpan.FromDays(1));
        file.Append("today\n"u8);
        await _writer.FlushAsync();
        Assert.Equal("today\n", await TextAsync(LogPath));
        Assert.Equal("yesterday\n", await TextAsync(LogPath + ".1"));
    }

    [Fact]
    public async Task A_log_moved_away_from_outside_is_only_opened_anew()
    {
        var file = Open();
        file.Append("1\n"u8);
        await _writer.FlushAsync();
        File.Move(LogPath, LogPath + ".moved");
        await _writer.RotateAsync();
        file.Append("2\n"u8);
        await _writer.FlushAsync();
        Assert.Equal("2\n", await TextAsync(LogPath));
        Assert.Equal("1\n", await TextAsync(LogPath + ".moved"));
        Assert.False(File.Exists(LogPath + ".1"));
    }

    [Fact]
    public async Task A_full_disk_costs_the_oldest_promise_only_and_the_log_says_so()
    {
        var file = await OpenOnFullDiskAsync("kept\n");

        var line = new byte[1024];
        line.AsSpan().Fill((byte)'x');
        line[^1] = (byte)'\n';
        for (var sent = 0; sent < 3 * LogFile.MaxPending; sent += line.Length)
        {
            file.Append(line);
        }

        Assert.True(file.Dropped > 0);
        File.Delete(LogPath);
        await TestInstances.UntilAsync(() => !file.IsFailing, "the log to recover");
        await _writer.FlushAsync();
        var text = await TextAsync(LogPath);
        Assert.StartsWith("kept\n", text, StringComparison.Ordinal);
        Assert.Contains($"{file.Dropped} lines were lost here", text, StringComparison.Ordinal);
        Assert.Contains("[error] log: this log can be written again (No space left on device)", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_that_can_be_written_again_writes_what_comes_as_promptly_as_ever()
    {
        var file = await OpenOnFullDiskAsync("kept\n");
        File.Delete(LogPath);
        await TestInstances.UntilAsync(() => !file.IsFailing, "the log to recover");

        // Nobody asks for a flush: that is what a server does for hours.
        foreach (var line in new[] { "first after\n", "second after\n" })
        {
            file.Append(Encoding.ASCII.GetBytes(line));
            await TestInstances.UntilAsync(() => File.ReadAllText(LogPath).Contains(line, StringComparison.Ordinal), line);
        }

        Assert.Contains("this log can be written again", await TextAsync(LogPath), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_directory_that_was_removed_is_made_again_and_no_line_is_lost()
    {
        var path = Path.Combine(_directory, "instances", "example", "x.log");
        var file = Open(path: path);
        file.Append("gone with the directory\n"u8);
        await _writer.FlushAsync();
        Directory.Delete(Path.Combine(_directory, "instances"), recursive: true);

        file.Append("kept\n"u8);
        await _writer.FlushAsync();

        Assert.Equal("kept\n", await TextAsync(path));
        Assert.Equal(0, file.Dropped);
    }

    [Fact]
    public async Task Lines_lost_while_the_directory_cannot_be_made_are_counted_and_told()
    {
        var parent = Path.Combine(_directory, "instances");
        var path = Path.Combine(parent, "x.log");
        var file = Open(path: path);
        file.Append("gone with the directory\n"u8);
        await _writer.FlushAsync();
        await ReplaceByFileAsync(parent);

        file.Append("kept\n"u8);
        await _writer.FlushAsync();
        Assert.True(file.IsFailing);
        var line = Encoding.ASCII.GetBytes(new string('x', 64 * 1024 - 1) + "\n");
        for (var sent = 0; sent < 2 * LogFile.MaxPending; sent += line.Length)
        {
            file.Append(line);
        }

        Assert.InRange(file.Dropped, 1, 2 * LogFile.MaxPending / line.Length);
        File.Delete(parent);
        await TestInstances.UntilAsync(() => !file.IsFailing, "the log to recover");
        await _writer.FlushAsync();
        var text = await TextAsync(path);
        Assert.StartsWith("kept\n", text, StringComparison.Ordinal);
        Assert.Contains($"{file.Dropped} lines were lost here", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_ends_within_a_line_is_gone_on_with_in_a_new_line()
    {
        await File.WriteAllTextAsync(LogPath, "whole\ntorn", TestContext.Current.CancellationToken);
        File.SetLastWriteTimeUtc(LogPath, _time.GetUtcNow().UtcDateTime);
        var file = Open();
        file.Append("next\n"u8);
        await _writer.FlushAsync();
        file.Append("last\n"u8);
        await _writer.FlushAsync();
        Assert.Equal(["whole", "torn", "next", "last"], await LinesAsync(LogPath));
    }

    [Fact]
    public async Task A_rotation_begins_the_new_file_or_says_why_not()
    {
        var parent = Path.Combine(_directory, "instances");
        var path = Path.Combine(parent, "x.log");
        var file = Open(path: path);
        file.Append("1\n"u8);
        Assert.Empty(await _writer.RotateAsync());
        Assert.True(File.Exists(path));

        await ReplaceByFileAsync(parent);
        Assert.StartsWith(path + ": ", Assert.Single(await _writer.RotateAsync()), StringComparison.Ordinal);

        File.Delete(parent);
        Assert.Empty(await _writer.RotateAsync());
        Assert.True(File.Exists(path));
    }

    [Fact]
    public async Task A_rotation_asked_for_by_who_has_moved_the_file_shifts_nothing_even_when_lines_came_in_between()
    {
        var file = Open();
        file.Append("1\n"u8);
        await _writer.FlushAsync();
        File.Move(LogPath, LogPath + ".1");
        file.Append("2\n"u8);
        await _writer.FlushAsync();

        await _writer.RotateAsync();

        Assert.Equal("2\n", await TextAsync(LogPath));
        Assert.Equal("1\n", await TextAsync(LogPath + ".1"));
        _time.Advance(TimeSpan.FromMinutes(2));
        await _writer.RotateAsync();
        Assert.Equal("2\n", await TextAsync(LogPath + ".1"));
    }

    [Fact]
    public async Task A_rotation_that_fails_is_told_once_and_again_when_it_has_worked_in_between()
    {
        const string told = "cannot rotate this log: ";
        var file = Open(new LogRotation(10, 3, _time));
        await AppendAsync("0123456789\n");
        Directory.CreateDirectory(LogPath + ".1"); // in the way
        await AppendAsync("second\n");
        Assert.NotNull(file.Problem);
        _time.Advance(TimeSpan.FromMinutes(2));
        await AppendAsync("third\n");
        Assert.NotNull(file.Problem);
        Assert.Equal(2, (await TextAsync(LogPath)).Split(told).Length);

        Directory.Delete(LogPath + ".1");
        _time.Advance(TimeSpan.FromMinutes(2));
        await AppendAsync("in the new file\n");
        Assert.Equal("in the new file\n", await TextAsync(LogPath));
        Assert.Null(file.Problem);

        File.Delete(LogPath + ".1");
        Directory.CreateDirectory(LogPath + ".1");
        await AppendAsync("next\n");
        Assert.NotNull(file.Problem);
        Assert.Contains(told, await TextAsync(LogPath), StringComparison.Ordinal);

        async Task AppendAsync(string line)
        {
            file.Append(Encoding.ASCII.GetBytes(line));
            await _writer.FlushAsync();
        }
    }

    [Fact]
    public async Task What_still_waits_at_the_end_is_counted_as_lost()
    {
        var file = await OpenOnFullDiskAsync("1\n");
        file.Append("2\n"u8);
        file.Append("3\n"u8);

        _writer.Dispose();

        Assert.Equal(3, file.Dropped);
    }

    private static async Task<string> TextAsync(string path) => await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);

    private static async Task<string[]> LinesAsync(string path) => await File.ReadAllLinesAsync(path, TestContext.Current.CancellationToken);

    /// <summary>Puts something in the way of a directory.</summary>
    private static async Task ReplaceByFileAsync(string directory)
    {
        Directory.Delete(directory, recursive: true);
        await File.WriteAllTextAsync(directory, "in the way", TestContext.Current.CancellationToken);
    }

    private LogFile Open(LogRotation? rotation = null, string? path = null) =>
        _writer.Add(path ?? LogPath, new LogClock(_time), rotation ?? LogRotation.Default(_time));

    /// <summary>A log that is at a full disk, with a line that waits for it.</summary>
    private async Task<LogFile> OpenOnFullDiskAsync(string line)
    {
        File.CreateSymbolicLink(LogPath, "/dev/full");
        var file = Open();
        file.Append(Encoding.ASCII.GetBytes(line));
        await _writer.FlushAsync();
        Assert.True(file.IsFailing);
        return file;
    }
}
