namespace Skitai.Posix.Tests;

public sealed class FileLockTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    [Fact]
    public void Only_one_holds_it_and_everybody_may_read_the_file()
    {
        using (var held = FileLock.TryTake(_path))
        {
            Assert.NotNull(held);
            held.Write("123\n"u8);
            Assert.Null(FileLock.TryTake(_path));
            Assert.Equal("123\n", File.ReadAllText(_path));
        }

        // Free at once, but for another test's child that has it between fork and exec.
        FileLock? again = null;
        Assert.True(SpinWait.SpinUntil(() => (again = FileLock.TryTake(_path)) is not null, TimeSpan.FromSeconds(60)));
        using var taken = again!;
        taken.Write("4\n"u8);
        Assert.Equal("4\n", File.ReadAllText(_path));
    }

    [Fact]
    public async Task The_death_of_its_holder_frees_it_and_a_child_does_not_keep_it()
    {
        ChildProcess child;
        using (var held = FileLock.TryTake(_path))
        {
            Assert.NotNull(held);
            child = ChildProcess.Start(new ChildStart { File = "sleep", Arguments = ["sleep", "60"] });
        }

        // Although the child, started while it was held, lives. (Another test's child may have it between fork and exec.)
        Assert.True(SpinWait.SpinUntil(TakesIt, TimeSpan.FromSeconds(60)));
        Assert.False(child.Exited.IsCompleted);
        child.Signal(Signals.Kill);
        await child.Exited.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
    }

    private bool TakesIt()
    {
        using var taken = FileLock.TryTake(_path);
        return taken is not null;
    }

    public void Dispose() => File.Delete(_path);
}
