package main
import ("fmt";"os";"os/exec";"sync";"time")
func main(){
 var wg sync.WaitGroup
 for i:=0;i<16;i++{ wg.Add(1); go func(i int){ defer wg.Done(); for k:=0;k<40;k++{ if _,e:=os.Stat("/etc/passwd");e!=nil{panic(e)}; b,e:=os.ReadFile("/etc/hostname"); _=b; if e!=nil{panic(e)}; if k%10==0 { o,e:=exec.Command("/bin/echo","x").Output(); if e!=nil||string(o)!="x\n"{panic(fmt.Sprint(e,o))} } } }(i) }
 wg.Wait(); time.Sleep(time.Millisecond); w, _ := os.Getwd(); fmt.Println("go ok", w)
}
