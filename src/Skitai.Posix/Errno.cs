namespace Skitai.Posix;

/// <summary>Error numbers of the C library (Linux, every architecture .NET runs on).</summary>
public static class Errno
{
#pragma warning disable CS1591 // the names say it all
    public const int None = 0, NotPermitted = 1, NoEntry = 2, Interrupted = 4, InputOutput = 5, TryAgain = 11, NoMemory = 12,
        Access = 13, CrossDevice = 18, NotDirectory = 20, IsDirectory = 21, Invalid = 22, FilesInSystem = 23,
        FilesInProcess = 24, NoSpace = 28, ReadOnly = 30, NameTooLong = 36, NoSystemCall = 38, Loop = 40, NotSupported = 95, Quota = 122;
#pragma warning restore CS1591
}
