namespace Skitai.Posix;

/// <summary>Signal numbers (Linux, x86-64 and arm64).</summary>
public static class Signals
{
#pragma warning disable CS1591 // the names say it all
    public const int Hup = 1, Interrupt = 2, Quit = 3, Kill = 9, Usr1 = 10, Usr2 = 12, Term = 15, Cont = 18, Stop = 19;
#pragma warning restore CS1591
}
