using System.Text;
using ReWorker.Publishing;
using Xunit;

namespace ReWorker.Tests.BadInput;

/// <summary>The headers of a parked job, whatever they contain, can't crash the process.</summary>
public sealed class HeaderRoomTests
{
    /// <summary>A frame of 128 KiB has room for 18,000 nested tables.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Headers_NestedTooDeeply_AreDropped(bool inLists)
    {
        object? deep = "bottom"u8.ToArray();
        for (var i = 0; i < 18_000; i++)
            deep = inLists ? new List<object?> { deep } : new Dictionary<string, object?> { ["a"] = deep };
        var flat = new Dictionary<string, object?> { ["a"] = new List<object?> { 1, Encoding.UTF8.GetBytes("x") } };
        var headers = new Dictionary<string, object?> { ["deep"] = deep, ["flat"] = flat, ["keep"] = "kept" };

        HeaderRoom.Apply(headers, new Dictionary<string, object?> { ["keep"] = "kept" });

        Assert.Equal(["flat", "keep", "x-reworker-dropped-headers"], headers.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("deep", headers["x-reworker-dropped-headers"]);
    }
}
