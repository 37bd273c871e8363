using System.Globalization;

namespace Skitaid.Supervision;

/// <summary>What processes take, from /proc: proportional set size, in which a page shared by many counts once in all.</summary>
internal static class ProcessMemory
{
    private const int MostProcesses = 4096;

    /// <summary>Bytes of one process; the resident set when the proportional one may not be read; 0 when it is gone.</summary>
    public static long Of(int pid) =>
        Field($"/proc/{pid}/smaps_rollup", "Pss:") ?? Field($"/proc/{pid}/status", "VmRSS:") ?? 0;

    /// <summary>Bytes of a process and all of its descendants.</summary>
    public static long OfTree(int pid)
    {
        long bytes = 0;
        var open = new Queue<int>([pid]);
        for (var seen = 0; seen < MostProcesses && open.TryDequeue(out var next); seen++)
        {
            bytes += Of(next);
            AddChildren(next, open);
        }

        return bytes;
    }

    private static void AddChildren(int pid, Queue<int> open)
    {
        try
        {
            foreach (var task in Directory.EnumerateDirectories($"/proc/{pid}/task"))
            {
                foreach (var child in File.ReadAllText(Path.Combine(task, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
                {
                    open.Enqueue(int.Parse(child, CultureInfo.InvariantCulture));
                }
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It ended while we looked.
        }
    }

    private static long? Field(string path, string name)
    {
        try
        {
            foreach (var line in File.ReadLines(path))
            {
                if (line.StartsWith(name, StringComparison.Ordinal))
                {
                    var number = line.AsSpan(name.Length).Trim();
                    return long.Parse(number[..number.IndexOf(' ')], CultureInfo.InvariantCulture) * 1024;
                }
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Gone, or another user's.
        }

        return null;
    }
}
