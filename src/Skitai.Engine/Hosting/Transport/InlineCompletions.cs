namespace Skitai.Engine.Hosting.Transport;

/// <summary>
/// Has what a socket brings be dealt with on the thread that polls the sockets, instead of waking a thread of the pool for
/// each: a third less CPU where few connections are busy. .NET knows the switch as an environment variable only. It asks of
/// all that runs there to be short: whoever finds more at once goes on in the pool, and so does what waits for a disk.
/// </summary>
public static class InlineCompletions
{
    /// <summary>The variable's name; app workers do not inherit it.</summary>
    public const string Variable = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    /// <summary>Switches it on for this process, unless its environment says otherwise. Before the first socket is used.</summary>
    public static void Enable()
    {
        if (Environment.GetEnvironmentVariable(Variable) is null)
        {
            Environment.SetEnvironmentVariable(Variable, "1");
        }
    }
}
