using System.Text;
using Skitaid.Commands;

namespace Skitaid.Tests.Commands;

public sealed class LogTailTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("skitaid-log-").FullName;
    private readonly MemoryStream _output = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string LogPath => Path.Combine(_directory, "request.log");

    private string Seen => Encoding.UTF8.GetString(_output.ToArray());

    public void Dispose()
    {
        _output.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task What_is_still_written_to_a_file_that_was_moved_away_is_shown_before_the_next_file()
    {
        await File.WriteAllTextAsync(LogPath, "first\n", Cancellation);
        using var tail = new LogTail(LogPath);
        Assert.True(tail.Open(1024));
        await tail.PollAsync(_output, Cancellation);

        File.Move(LogPath, LogPath + ".old");
        await tail.PollAsync(_output, Cancellation);
        await File.AppendAllTextAsync(LogPath + ".old", "late\n", Cancellation);
        await tail.PollAsync(_output, Cancellation);
        await File.WriteAllTextAsync(LogPath, "new\n", Cancellation);
        await tail.PollAsync(_output, Cancellation);
        await File.AppendAllTextAsync(LogPath + ".old", "later\n", Cancellation);
        await PollUntilAsync(tail, "new");

        Assert.Equal("first\nlate\nlater\nnew\n", Seen);
    }

    [Fact]
    public async Task A_file_moved_away_is_read_on_for_as_long_as_no_other_follows_it()
    {
        await File.WriteAllTextAsync(LogPath, "", Cancellation);
        using var tail = new LogTail(LogPath);
        Assert.True(tail.Open(1024));
        Assert.True(tail.IsEmpty);
        File.Move(LogPath, LogPath + ".old");
        for (var i = 0; i < 20; i++)
        {
            await tail.PollAsync(_output, Cancellation);
        }

        await File.AppendAllTextAsync(LogPath + ".old", "late\n", Cancellation);
        await tail.PollAsync(_output, Cancellation);
        Assert.Equal("late\n", Seen);
    }

    [Fact]
    public async Task A_file_that_comes_later_and_one_that_is_emptied_are_shown_from_their_start()
    {
        using var tail = new LogTail(LogPath);
        Assert.False(tail.Open(1024));
        Assert.True(tail.IsEmpty);
        await tail.PollAsync(_output, Cancellation);
        await File.WriteAllTextAsync(LogPath, "here it is\n", Cancellation);
        await tail.PollAsync(_output, Cancellation);
        await File.WriteAllTextAsync(LogPath, "", Cancellation);
        await tail.PollAsync(_output, Cancellation);
        await File.AppendAllTextAsync(LogPath, "anew\n", Cancellation);
        await tail.PollAsync(_output, Cancellation);

        Assert.Equal("here it is\nanew\n", Seen);
    }

    private async Task PollUntilAsync(LogTail tail, string text)
    {
        for (var i = 0; i < 100 && !Seen.Contains(text, StringComparison.Ordinal); i++)
        {
            await tail.PollAsync(_output, Cancellation);
        }
    }
}
