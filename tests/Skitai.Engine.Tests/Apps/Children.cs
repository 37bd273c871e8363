namespace Skitai.Engine.Tests.Apps;

/// <summary>What /proc says about processes.</summary>
internal static class Children
{
    /// <summary>Whether it is there and no zombie.</summary>
    public static bool IsAlive(int pid)
    {
        try
        {
            var status = File.ReadAllText($"/proc/{pid}/stat");
            return status[status.LastIndexOf(')') + 2] != 'Z';
        }
        catch (IOException)
        {
            return false;
        }
    }

    /// <summary>How many live Python workers have this directory as theirs.</summary>
    public static int CountIn(string directory)
    {
        var count = 0;
        foreach (var process in Directory.EnumerateDirectories("/proc"))
        {
            try
            {
                if (int.TryParse(Path.GetFileName(process), out var pid)
                    && File.ResolveLinkTarget(process + "/cwd", returnFinalTarget: false)?.FullName == directory && IsAlive(pid))
                {
                    count++;
                }
            }
            catch (Exception error) when (error is IOException or UnauthorizedAccessException)
            {
                // Gone meanwhile, or another's.
            }
        }

        return count;
    }
}
