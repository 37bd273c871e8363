using System.Diagnostics;
using System.Text;
using Skitai.Engine.Logging;

namespace Skitai.Engine.Tests.Logging;

public sealed class AppendFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("skitaid-log-").FullName;

    private string LogPath => Path.Combine(_directory, "x.log");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_line_of_which_the_disk_takes_a_part_is_written_again_in_a_line_of_its_own()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root can mount a small disk");
        Assert.SkipUnless(Run("mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", _directory), "no file system may be mounted here");
        try
        {
            using var log = new RotatedFile(LogPath, LogRotation.Default(TimeProvider.System)); // opens it anew after an error
            var lines = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 2000).Select(number => $"{number,-99}\n")));
            var written = log.Write(lines, out var error);
            Assert.NotNull(error);
            Assert.True(written is > 0 && lines[written - 1] == (byte)'\n' && written < new FileInfo(LogPath).Length, $"{written} bytes are no part");

            Assert.True(Run("mount", "-o", "remount,size=1m", _directory));
            Assert.Equal(lines.Length - written, log.Write(lines.AsSpan(written), out error));
            Assert.Null(error);

            var found = await File.ReadAllLinesAsync(LogPath, TestContext.Current.CancellationToken);
            Assert.Equal(2001, found.Length); // the torn one stands alone
            Assert.Equal(Enumerable.Range(0, 2000).Select(number => $"{number,-99}"), found.Where(line => line.Length == 99));
        }
        finally
        {
            Run("umount", _directory);
        }
    }

    [Fact]
    public async Task A_directory_that_is_gone_is_made()
    {
        var path = Path.Combine(_directory, "a", "b", "x.log");
        using (var log = new AppendFile(path))
        {
            log.Write("line\n"u8, out var error);
            Assert.Null(error);
        }

        Assert.Equal("line\n", await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken));
    }

    private static bool Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true })!;
        process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
