using Microsoft.Win32.SafeHandles;

namespace Skitai.Posix.Tests;

public sealed class UnnamedFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("skitai-unnamed-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_file_without_a_name_can_be_written_and_read_and_is_in_no_directory(bool byUnlink)
    {
        using var file = byUnlink ? new SafeFileHandle(UnnamedFile.OpenAndUnlink(_directory), ownsHandle: true) : Create();
        Assert.Empty(Directory.GetFileSystemEntries(_directory));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));

        RandomAccess.Write(file, "some text"u8, 5);
        var read = new byte[9];
        Assert.Equal(9, RandomAccess.Read(file, read, 5));
        Assert.Equal("some text"u8, read);
        Assert.StartsWith(_directory, File.ResolveLinkTarget($"/proc/self/fd/{file.DangerousGetHandle()}", returnFinalTarget: false)!.FullName, StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_that_is_not_there_is_an_error_number()
    {
        Assert.Equal(Errno.NoEntry, UnnamedFile.Create(Path.Combine(_directory, "none"), out var file));
        Assert.Null(file);
        Assert.Equal(-Errno.NoEntry, UnnamedFile.OpenAndUnlink(Path.Combine(_directory, "none")));
    }

    private SafeFileHandle Create()
    {
        Assert.Equal(Errno.None, UnnamedFile.Create(_directory, out var file));
        return file!;
    }
}
